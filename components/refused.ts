import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "../config/problems";

/** What to throw where this stack's configuration asks for what cannot be. */
export const refused = (problems: Problem[]) => new ConfigError(`configuration of stack ${pulumi.getStack()}`, problems);

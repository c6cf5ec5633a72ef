import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../rules/problem";
import { ConfigError } from "./configError";

/** What to throw where this stack's configuration asks for what cannot be. */
export const stackConfigError = (problems: Problem[]) => new ConfigError(`configuration of stack ${pulumi.getStack()}`, problems);

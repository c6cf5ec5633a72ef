import type * as pulumi from "@pulumi/pulumi";

/** An HTTP Service that people open in a browser. */
export interface Page {
    namespace: string;
    host: string;
    /** The component whose pods answer. */
    component: string;
    port: number;
}

/** Puts a page under its DNS name. */
export type ExposePage = (name: string, page: Page, opts: pulumi.CustomResourceOptions) => void;

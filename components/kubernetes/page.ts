import type * as pulumi from "@pulumi/pulumi";

/** A web page that a component serves over HTTP and people open in a browser. */
export interface Page {
    /** Kubernetes namespace. */
    namespace: string;
    /** DNS name of the page. */
    host: string;
    /** The component whose pods answer, as in their label. */
    component: string;
    /** Port that the page is served on. The pods call it `http`. */
    port: number;
}

/** Makes a page reachable under its DNS name, without an ingress, and returns the URL that people open. `name` is the name of the Service. */
export type ExposePage = (name: string, page: Page, opts: pulumi.CustomResourceOptions) => string;

/** How a Kubernetes provider of Pulumi is told its cluster. */
export interface KubeSettings {
    /** Path or content. @default the one that `kubectl` uses */
    kubeconfig?: string;
    /** @default the kubeconfig's current one */
    context?: string;
    /** The namespace of objects that name none. @default the context's */
    namespace?: string;
}

/** Whether a provider's setting `kubeconfig` is the content itself rather than a path. */
export const isContent = (kubeconfig: string) => /[\n{]/.test(kubeconfig);

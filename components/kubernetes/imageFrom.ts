/** An image as a mirror has it: in another registry, under the same repository, as kube-prometheus-stack's `global.imageRegistry` does. */
export const imageFrom = (registry: string | undefined, image: string): string =>
    registry === undefined ? image : `${registry}/${image.slice(image.indexOf("/") + 1)}`;

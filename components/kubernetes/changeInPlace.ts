/**
 * Options of the Kubernetes provider: a ConfigMap or Secret is changed in place. Thanos rereads the files; a replacement would be missing
 * for a moment.
 */
export const CHANGE_IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true };

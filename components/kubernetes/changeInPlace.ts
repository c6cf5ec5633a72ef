/** Options of the Kubernetes provider. Thanos rereads its files, so a changed ConfigMap or Secret takes effect in place; replacing it would remove it for a moment. */
export const CHANGE_IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true };

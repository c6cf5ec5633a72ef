/** Thanos rereads its files: changed in place they take effect, replaced they would be missing for a moment. */
export const CHANGE_IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true };

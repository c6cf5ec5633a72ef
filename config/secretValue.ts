/** Stands for an encrypted value of a stack file where nobody decrypts it: in `npm run plan`. */
export const SECRET_VALUE = "<secret>";

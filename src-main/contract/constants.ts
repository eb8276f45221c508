/** Values that main and page have to agree on. */

/** Sizes are read again, without somebody asking, after a rest of this many times what reading them took. */
export const sizesRestFactor = 1_200;

/** Items of a page for which neither first nor last is given. */
export const DEFAULT_PAGE = 50;
/** The most items of a page. */
export const LARGEST_PAGE = 1_000;

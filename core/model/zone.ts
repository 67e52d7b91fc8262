/** Grid zones as those who publish intensities name them: `DE`, `US-CAL-CISO`, `SE-SE3`. */
export const ZONE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/** What `ZONE` takes, in words. */
export const ZONE_SHAPE = 'up to 64 letters, digits, `-`, `_` or `.`, such as DE or US-CAL-CISO'

/** Attribute of readings: the grid zone that their host is in, as far as who sends them says it. */
export const ZONE_ATTRIBUTE = 'wattline.zone'

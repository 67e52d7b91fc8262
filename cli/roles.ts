/** `--roles a,b` over everything else: it is the environment's setting, given on the command line. */
export const withRoles = (
  environment: Readonly<Record<string, string | undefined>>,
  roles: string | undefined,
): Readonly<Record<string, string | undefined>> =>
  roles === undefined ? environment : { ...environment, WATTLINE_ROLES: roles }

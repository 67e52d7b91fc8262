/** `--roles a,b` overrides everything else: it sets the environment variable from the command line. */
export const withRoles = (
  environment: Readonly<Record<string, string | undefined>>,
  roles: string | undefined,
): Readonly<Record<string, string | undefined>> =>
  roles === undefined ? environment : { ...environment, WATTLINE_ROLES: roles }

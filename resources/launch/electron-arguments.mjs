/**
 * Chromium refuses its sandbox to root; a workstation's user is never root, a container's often is.
 * Off Linux, and for an ordinary user, nothing is changed.
 */
export function electronArguments() {
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
  return asRoot ? ['--no-sandbox'] : [];
}

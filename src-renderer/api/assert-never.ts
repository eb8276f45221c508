/** At the end of a switch: the compiler names the case that is missing. Main has its own beside `Failure`. */
export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}

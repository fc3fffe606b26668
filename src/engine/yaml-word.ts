/** Does YAML, or an older YAML, read the bare word as something else than a text? */
export function isYamlWord(text: string): boolean {
  return /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
}

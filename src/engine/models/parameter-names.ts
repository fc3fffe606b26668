/** What parameters of models are called, for who looks for them in documents and columns. */

/** Parameters that programs send to most models, and that no page of a single model lists. */
const usual: ReadonlySet<string> = new Set([
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'max_new_tokens',
  'max_tokens_to_sample',
  'min_p',
  'n',
  'parallel_tool_calls',
  'reasoning',
  'response_format',
  'seed',
  'stop',
  'stop_sequences',
  'thinking',
  'top_a',
  'top_k',
  'verbosity',
]);

/** `maxTokens` and `max-tokens` are written for `max_tokens`. */
export function parameterName(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Is that the name of a parameter, in whatever case, of any model that is known, or one that programs usually send? */
export function isParameterName(text: string, known: ReadonlySet<string>): boolean {
  const name = parameterName(text);
  return known.has(text) || known.has(name) || usual.has(name);
}

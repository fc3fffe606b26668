/** What the registry knows, as far as a proposal needs it: `src/registry/known/proposal-words.ts` hands it in. */
import { looksLikeModel, wordSet } from '../catalogue/wording.ts';

export interface KnownWords {
  /** The model that a text names, however it is written. */
  readonly model: (text: string) => { readonly kind: string; readonly vendor: string } | undefined;
  /** The names of models within a longer text, as they stand there. */
  readonly inside: (text: string) => readonly { readonly written: string; readonly at: number }[];
  /** Is the text a vendor or a provider? Letters in any case. */
  readonly provider: (text: string) => boolean;
  /** Is it a parameter of models, such as `temperature`? */
  readonly parameter: (name: string) => boolean;
}

/** Does a value name a model, by the registry or by how it is written? */
export function isModelName(words: KnownWords, value: string): boolean {
  return words.model(value) !== undefined || looksLikeModel(value);
}

const otherProviders = wordSet(`
  azure azure-openai azure_openai azureopenai bedrock aws amazon vertex vertexai vertex_ai vertex-ai gemini cohere meta perplexity
  together togetherai together_ai fireworks fireworks_ai replicate ollama vllm lmstudio anyscale cerebras sambanova litellm
  claude cloudflare databricks watsonx github copilot mistralai moonshotai voyage jina elevenlabs deepgram assemblyai`);

/** Does a value name a provider: by the registry, or by a name that everybody uses? */
export function isProviderName(words: KnownWords, value: string): boolean {
  const text = value.slice(value.lastIndexOf('/') + 1).trim();
  return words.provider(text) || otherProviders.has(text.toLowerCase());
}

/** The share of values of which something holds; 0 where there are none. */
export function shareOf(values: readonly string[], holds: (value: string) => boolean): number {
  return values.length === 0 ? 0 : values.filter(holds).length / values.length;
}

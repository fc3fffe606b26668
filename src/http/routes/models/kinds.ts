/** The kinds of models and what their resources are called. */
export const modelKinds = [
  { kind: 'completion', path: 'completion-models', title: 'CompletionModel' },
  { kind: 'transcription', path: 'transcription-models', title: 'TranscriptionModel' },
  { kind: 'embedding', path: 'embedding-models', title: 'EmbeddingModel' },
] as const;

export type ModelKind = (typeof modelKinds)[number];

/** The OpenAPI document of the sources as they are. Building the application asks no database anything. */
import { readFileSync } from 'node:fs';
import { describeApp } from '../../src/http/server/app.ts';

export interface Operation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: { readonly type?: string };
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly unknown[];
  readonly 'x-drover-exposure': 'public' | 'authenticated' | 'internal';
  readonly 'x-drover-role'?: 'viewer' | 'member' | 'admin' | 'sysadmin';
  readonly 'x-drover-scope'?: string;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly responses: Readonly<Record<string, unknown>>;
  };
}

export const openApiFile = new URL('../../openapi.json', import.meta.url);

const packageFile = new URL('../../package.json', import.meta.url);

/** As text, the way it is committed. */
export async function renderOpenApi(): Promise<string> {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  const app = await describeApp(version);
  const { payload } = await app.inject('/openapi.json');
  await app.close();
  return `${JSON.stringify(JSON.parse(payload), null, 2)}\n`;
}

/** The public feeds that a registry can be compared with or renewed from. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { FeedModel, FeedOrigin } from '../../registry/import/feed.ts';
import { readLiteLlm } from '../../registry/import/litellm.ts';
import { readModelEol } from '../../registry/import/model-eol.ts';
import { readModelsDev } from '../../registry/import/models-dev.ts';
import { readDay, todayText } from '../terminal/times.ts';
import { readJson } from './folder.ts';

interface FeedFormat {
  readonly read: (value: unknown, origin: FeedOrigin) => FeedModel[];
  /** Where the public file is, unless the feed or the user says otherwise. */
  readonly source: string;
}

const formats: ReadonlyMap<string, FeedFormat> = new Map([
  ['models-dev', { read: readModelsDev, source: 'https://models.dev/api.json' }],
  [
    'litellm',
    {
      read: readLiteLlm,
      source: 'https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json',
    },
  ],
  ['model-eol', { read: readModelEol, source: 'https://github.com/thossullivan/model-eol' }],
]);

/** `FORMAT FILE`, `--source`, `--checked`. */
export function withFeed(command: Command): Command {
  return command
    .argument('<format>', [...formats.keys()].join(', '), (text: string) => {
      requireFormat(text);
      return text;
    })
    .argument('<file>', 'the feed, as a JSON file')
    .option('--source <url>', 'where the feed is from (default: its public address)')
    .option('--checked <day>', 'when it was fetched (default: today)');
}

/** The feed that a command names. @throws FEED_INVALID, FILE_UNREADABLE */
export function readFeed(command: Command): FeedModel[] {
  const { source, checked } = command.opts<{ readonly source?: string; readonly checked?: string }>();
  const [format = '', file = ''] = command.args;
  const known = requireFormat(format);
  const day = checked === undefined ? todayText() : readDay('--checked', checked);
  return known.read(readJson(file), { source: source ?? known.source, checked: day });
}

function requireFormat(text: string): FeedFormat {
  const known = formats.get(text);
  if (known === undefined) throw new InvalidArgumentError(`It is one of ${[...formats.keys()].join(', ')}.`);
  return known;
}

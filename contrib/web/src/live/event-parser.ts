// SPDX-License-Identifier: MIT
//
// event-parser - the text of an event stream, in pieces as they come, to whole
// events.  Keeps what the stream said about its own end.

interface Ending {
  code: number;
  reason: string;
}

export class EventParser {
  private rest = '';
  private data: string[] = [];
  private name = '';
  end: Ending | undefined;
  retryMs: number | undefined;
  retries = 0;

  constructor(private readonly onData: (text: string) => void) {}

  feed(text: string): void {
    this.rest += text;
    for (;;) {
      const at = this.rest.search(/[\r\n]/);
      if (at < 0) return;
      const isPair = this.rest[at] === '\r' && this.rest[at + 1] === '\n';
      // A CR at the very end may be half of a pair.
      if (this.rest[at] === '\r' && at + 1 === this.rest.length) return;
      const line = this.rest.slice(0, at);
      this.rest = this.rest.slice(at + (isPair ? 2 : 1));
      this.line(line);
    }
  }

  private line(line: string): void {
    if (line === '') {
      this.dispatch();
      return;
    }
    const at = line.indexOf(':');
    if (at === 0) return;
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.name = value;
    else if (field === 'retry' && /^\d+$/.test(value)) {
      this.retryMs = Number(value);
      this.retries++;
    }
  }

  private dispatch(): void {
    const text = this.data.join('\n');
    const { name } = this;
    this.data = [];
    this.name = '';
    if (text === '') return;
    if (name === 'stream.end') this.end = ending(text);
    else this.onData(text);
  }
}

function ending(text: string): Ending | undefined {
  try {
    const { data } = JSON.parse(text) as { data?: Partial<Ending> };
    if (typeof data?.code !== 'number') return undefined;
    return { code: data.code, reason: String(data.reason ?? '') };
  } catch {
    return undefined;
  }
}

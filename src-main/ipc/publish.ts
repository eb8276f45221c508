/** Sends records to the page. A page that is gone or reloading misses nothing: it asks for the records when it is back. */
import { randomUUID } from 'node:crypto';
import type { WebContents } from 'electron';
import type { Notice } from '../contract/app';
import type { EventName, Events } from '../contract/events';
import { channels } from './channels';

export type Publish = <E extends EventName>(event: E, record: Events[E]) => void;

export function createPublish(contents: () => WebContents | null): Publish {
  return (event, record) => {
    const page = contents();
    if (page && !page.isDestroyed()) page.send(channels.event, event, record);
  };
}

export type NoticeText = Pick<Notice, 'level' | 'title' | 'text'> & { readonly clusterId?: string };

export interface Notices {
  readonly notify: (notice: NoticeText) => void;
  /** The newest, oldest first. */
  readonly all: () => readonly Notice[];
}

const noticesKept = 100;

/** Numbers and dates notices on their way to the page, and keeps them: a start tells before a window listens. */
export function createNotices(publish: Publish): Notices {
  let kept: readonly Notice[] = [];
  let revision = 0;
  return {
    all: () => kept,
    notify({ level, title, text, clusterId }) {
      revision += 1;
      const notice: Notice = {
        noticeId: randomUUID(),
        revision,
        at: new Date().toISOString(),
        level,
        title,
        text,
        clusterId: clusterId ?? null,
      };
      kept = [...kept, notice].slice(-noticesKept);
      publish('notice', notice);
    },
  };
}

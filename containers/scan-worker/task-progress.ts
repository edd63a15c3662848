/** A task's progress over the groups of targets it is scanned in. */
import type { Progress } from '#shared/task/task.ts';
import type { ProgressReader } from './scanner.ts';

export interface TaskProgress {
  /** From now on `reader` tells of `targets` targets, `done` before them and `total` in all. */
  follow(reader: ProgressReader, share: Share): void;
  /** Never falls. With several groups `current` and `total` count targets. */
  latest(): Progress | undefined;
}

interface Share {
  readonly done: number;
  readonly targets: number;
  readonly total: number;
}

export function taskProgress(): TaskProgress {
  let newest: Progress | undefined;
  let read: () => Progress | undefined = () => undefined;
  return {
    follow(reader, share) {
      read = () => {
        const progress = reader.latest();
        return progress && share.targets < share.total ? within(share, progress) : progress;
      };
    },
    latest() {
      const progress = read();
      if (progress && progress.percent >= (newest?.percent ?? 0)) newest = progress;
      return newest;
    },
  };
}

function within({ done, targets, total }: Share, progress: Progress): Progress {
  const current = done + (targets * progress.percent) / 100;
  return { ...progress, current: Math.floor(current), total, percent: Math.floor((current / total) * 100) };
}

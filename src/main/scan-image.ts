import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { Repository } from '../repository/index.ts';
import type { ImageScanner } from '../service/image-scanner.ts';

/**
 * Makes the scanner of images.
 * @param _repository - where commits go
 * @param _clock - decides their time
 */
export function scanImageWith(_repository: Repository, _clock: Clock): ImageScanner {
  return async () => {
    throw new SecondwindError('INTERNAL', { reason: 'scanning is not wired yet' });
  };
}

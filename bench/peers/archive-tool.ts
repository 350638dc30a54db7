import type { CommandLine } from '../measure/run-command.ts';

/** A program that stores disk images and gives them back. */
export interface ArchiveTool {
  /** Name in the tables, with the settings that matter. */
  readonly name: string;
  /** Whether a second image is stored by what differs from the first. */
  readonly isIncremental: boolean;
  /** Folder or file below its place that holds what it stored. */
  readonly store: string;
  /** Makes an empty store. */
  create(): readonly CommandLine[];
  /**
   * Stores an image, reading all of it.
   * @param image - its path
   * @param label - a new name for what is stored
   */
  save(image: string, label: string): CommandLine;
  /**
   * Gives an image back.
   * @param saved - what it was saved with
   * @param folder - empty, to restore in
   */
  restore(saved: SavedImage, folder: string): CommandLine;
  /**
   * Where the restored file lies.
   * @param saved - what it was saved with
   * @param folder - as given to restore
   */
  restored(saved: SavedImage, folder: string): string;
}

/** What an image was saved with. */
export interface SavedImage {
  /** Path it was read from. */
  readonly image: string;
  /** Name it was given. */
  readonly label: string;
}

/** Makes a tool that keeps all it has below one folder, which exists and may be copied or moved between commands. */
export type ArchiveToolMaker = (folder: string) => ArchiveTool;

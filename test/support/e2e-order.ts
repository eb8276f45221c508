import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** End-to-end tests run in the order of their names: the last one judges what all before it did to the network. */
export class EndToEndByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isEndToEnd = (file: TestSpecification): boolean => file.project.name === 'e2e';
    return [
      ...sorted.filter((file) => !isEndToEnd(file)),
      ...sorted.filter(isEndToEnd).sort((one, other) => one.moduleId.localeCompare(other.moduleId)),
    ];
  }
}

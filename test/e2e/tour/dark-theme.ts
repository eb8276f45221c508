/** The same in the dark. */
import { goTo } from '../../support/e2e-driver';
import type { TourGuide } from './guide';

export async function darkTheme({ page, picture, step }: TourGuide): Promise<void> {
  await step(
    'dark theme',
    async () => {
      await page.emulateMedia({ colorScheme: 'dark' });
      await goTo(page, 'Topology');
      await page.locator('html[data-theme="dark"]').waitFor();
      await picture('topology-dark');
      await page.emulateMedia({ colorScheme: 'light' });
    },
    () => Promise.resolve('the page follows the system'),
  );
}

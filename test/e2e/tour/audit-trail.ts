/** What was run can be proved. */
import { goTo } from '../../support/e2e-driver';
import type { TourGuide } from './guide';

export async function auditTrail({ page, picture, step }: TourGuide): Promise<void> {
  await step(
    'audit trail',
    async () => {
      await goTo(page, 'Audit');
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByText(/Intact: \d+ entries/).waitFor();
      await page
        .getByRole('row', { name: /citus_rebalance_start/ })
        .first()
        .click();
      await picture('audit');
    },
    async () => {
      const words = await page.getByText(/Intact: \d+ entries/).textContent();
      return (words ?? '').trim();
    },
  );
}

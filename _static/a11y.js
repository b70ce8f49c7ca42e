// Repairs of the theme's markup that its templates leave no other place for.
document.addEventListener("DOMContentLoaded", () => {
  // A visible text must be part of the accessible name (WCAG 2.5.3): drop names that replace it.
  document
    .querySelectorAll(".search-button-field[aria-label], .theme-switch-button[aria-label], details.hide > summary[aria-label]")
    .forEach((element) => element.removeAttribute("aria-label"));
  // The logo and the table of contents are outside every landmark.
  const sidebar = document.querySelector("#pst-primary-sidebar, .bd-sidebar-primary");
  if (sidebar) {
    sidebar.setAttribute("role", "complementary");
    sidebar.setAttribute("aria-label", "Book");
  }
  // What scrolls must be reachable by keyboard, also when it was folded away or wider at first.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
      target.tabIndex = scrolls ? 0 : -1;
    }
  });
  document.querySelectorAll(".bd-article pre").forEach((element) => sizes.observe(element));
});

// How the Allure report of a sign-off looks. Each red result has one label `category`, which decides where it stands.
const categories = [
  "Control failed",
  "Attribution missing",
  "Expired waiver",
  "Waived",
  "Evidence not obtained",
  "Planned, but not run",
  "Left behind by the tear-down",
  "Not applicable to this plan",
];

export default {
  name: "Lakeproof sign-off",
  // A hidden label can neither group nor match, so those below that do are shown.
  hideLabels: ["framework", "language", "package", "parentSuite", "suite", "subSuite", "tag"],
  categories: categories.map((name) => ({
    name,
    matchers: { labels: { category: name } },
    groupBy: [{ label: "control" }],
  })),
  historyPath: process.env.LAKEPROOF_HISTORY,
  // The last 20 runs come from this file, and this run is added to it (lakeproof/evidence/report_history.py).
  plugins: {
    awesome: {
      options: {
        reportName: "Lakeproof sign-off",
        reportLanguage: "en",
        theme: "light",
        singleFile: true,
        groupBy: ["control", "subject", "sentence"],
        stepTreeExpansion: "expanded",
      },
    },
  },
};

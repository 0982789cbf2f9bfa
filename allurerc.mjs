// How the Allure report of a sign-off looks. The first category that matches a result wins.
export default {
  name: "Lakeproof sign-off",
  hideLabels: ["host", "thread", "framework", "language", "package", "parentSuite", "suite", "subSuite"],
  categories: [
    { name: "Control failed", matchers: { statuses: ["failed"] }, groupBy: [{ label: "control" }] },
    { name: "Evidence not obtained", matchers: { statuses: ["broken"] }, groupBy: [{ label: "control" }] },
    { name: "Not applicable here", matchers: { statuses: ["skipped"] } },
  ],
  plugins: {
    awesome: {
      options: {
        reportName: "Lakeproof sign-off",
        reportLanguage: "en",
        theme: "light",
        singleFile: true,
        groupBy: ["control", "feature", "story"],
        stepTreeExpansion: "expanded",
      },
    },
  },
};

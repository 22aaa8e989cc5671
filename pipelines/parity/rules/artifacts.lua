-- SPDX-License-Identifier: Apache-2.0
-- Files that a job leaves and that are kept with the run: the first glob that fits decides.
return {
  { "**/junit*.xml", type = "test_results", format = "junit-xml" },
  { "**/TEST-*.xml", type = "test_results", format = "junit-xml" },
  { "**/test-results/**/*.xml", type = "test_results", format = "junit-xml" },
  { "**/lcov.info", type = "coverage_report", format = "lcov" },
  { "**/*.lcov", type = "coverage_report", format = "lcov" },
  { "**/coverage.xml", type = "coverage_report", format = "cobertura-xml" },
}

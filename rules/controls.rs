//! The public frameworks whose controls rules refer to, in the spelling of the report.

use vaudit_model::rule::Control;

/// CIS Microsoft Azure Foundations Benchmark 3.0.0.
pub(crate) const CIS_3: &str = "CIS-Azure-3.0.0";
/// CIS Microsoft Azure Foundations Benchmark 4.0.0.
pub(crate) const CIS_4: &str = "CIS-Azure-4.0.0";
/// CIS Microsoft Azure Foundations Benchmark 5.0.0.
pub(crate) const CIS_5: &str = "CIS-Azure-5.0.0";
/// CIS Microsoft Azure Foundations Benchmark 6.0.0.
pub(crate) const CIS_6: &str = "CIS-Azure-6.0.0";
/// CIS Microsoft Azure Database Services Benchmark 2.0.0.
pub(crate) const CIS_DATABASE: &str = "CIS-Azure-Database-2.0.0";
/// Microsoft cloud security benchmark, version 1.
pub(crate) const MCSB: &str = "MCSB-1";
/// NIST SP 800-53, revision 5.
pub(crate) const NIST_800_53: &str = "NIST-800-53-r5";
/// ISO/IEC 27001:2022, Annex A.
pub(crate) const ISO_27001: &str = "ISO-27001-2022";
/// SOC 2 Trust Services Criteria.
pub(crate) const SOC2: &str = "SOC2";

/// Controls of a framework.
pub(crate) const fn control(framework: &'static str, ids: &'static [&'static str]) -> Control {
    Control { framework, ids }
}

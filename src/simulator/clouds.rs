//! Azure's clouds: the host names of each, and the names in its answers.
//!
//! Scenarios tell of the public cloud. Who comes by the names of another one gets the same story with
//! that cloud's names in it.

/// The names of one cloud.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// The sign-in authority.
    pub(crate) login: &'static str,
    /// Azure Resource Manager.
    pub(crate) arm: &'static str,
    /// Microsoft Graph.
    pub(crate) graph: &'static str,
    /// The older name of Azure Resource Manager, which tokens may still be for.
    pub(crate) classic: &'static str,
    /// What follows the account in the name of a blob endpoint.
    pub(crate) blob_suffix: &'static str,
    /// What the names of storage endpoints end with.
    storage: &'static str,
    /// What the names of PostgreSQL servers end with.
    postgres: &'static str,
}

/// The cloud that scenarios tell of.
pub(crate) static PUBLIC: Cloud = Cloud {
    login: "login.microsoftonline.com",
    arm: "management.azure.com",
    graph: "graph.microsoft.com",
    classic: "management.core.windows.net",
    blob_suffix: ".blob.core.windows.net",
    storage: ".core.windows.net",
    postgres: ".postgres.database.azure.com",
};

static US_GOVERNMENT: Cloud = Cloud {
    login: "login.microsoftonline.us",
    arm: "management.usgovcloudapi.net",
    graph: "graph.microsoft.us",
    classic: "management.core.usgovcloudapi.net",
    blob_suffix: ".blob.core.usgovcloudapi.net",
    storage: ".core.usgovcloudapi.net",
    postgres: ".postgres.database.usgovcloudapi.net",
};

static CHINA: Cloud = Cloud {
    login: "login.chinacloudapi.cn",
    arm: "management.chinacloudapi.cn",
    graph: "microsoftgraph.chinacloudapi.cn",
    classic: "management.core.chinacloudapi.cn",
    blob_suffix: ".blob.core.chinacloudapi.cn",
    storage: ".core.chinacloudapi.cn",
    postgres: ".postgres.database.chinacloudapi.cn",
};

/// All clouds.
pub(crate) static ALL: [&Cloud; 3] = [&PUBLIC, &US_GOVERNMENT, &CHINA];

impl Cloud {
    /// A text in the words of scenarios.
    pub(crate) fn as_told(&self, text: &str) -> String {
        text.replace(self.postgres, PUBLIC.postgres).replace(self.storage, PUBLIC.storage)
    }

    /// A text of a scenario in the words of this cloud.
    pub(crate) fn as_served(&self, text: &str) -> String {
        text.replace(PUBLIC.postgres, self.postgres).replace(PUBLIC.storage, self.storage)
    }
}

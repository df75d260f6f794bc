//! The fields of Azure's answers that redaction knows, in lower case and sorted. The names of all
//! others are hidden together with what stands behind them.
//!
//! `rustfmt` would give each a line of its own.

/// Fields whose texts are words of Azure where they look like words.
#[rustfmt::skip]
pub(super) static WORDS: &[&str] = &[
    "@odata.type", "access", "accesstier", "action", "actions", "activedirectoryauth",
    "addressprefix", "addressprefixes", "assignmenttype", "authorizationsource", "autogrow",
    "availabilityzone", "availabilityzones", "backendpooltype", "backuptype", "bypass", "charset",
    "code", "collation", "conditionversion", "consenttype", "copystatus", "createdbytype",
    "createoption", "currentkubernetesversion", "currentorchestratorversion", "customwindow",
    "dataactions", "defaultaction", "defaultnodepools", "destinationaddressprefix",
    "destinationaddressprefixes", "destinationportrange", "destinationportranges", "direction",
    "disabledbymicrosoftstatus", "diskstate", "dnsendpointtype", "dnsserviceip",
    "georedundantbackup", "groupids", "groupmembershipclaims", "grouptypes", "hastate",
    "ipfamilies", "k8s-azure-created-by", "keysource", "keytype", "kind", "kubeletdisktype",
    "kubernetesversion", "largefilesharesstate", "leasestate", "leasestatus", "legalagegrouprule",
    "linkedresourcetype", "loadbalancersku", "location", "locationplacementid", "locations",
    "maxsurge", "membertype", "minimumtlsversion", "minorversion", "mode", "networkdataplane",
    "networkplugin", "networkpluginmode", "networkpolicy", "nexthoptype", "nodeimageversion",
    "nodeosupgradechannel", "notactions", "notdataactions", "objecttype", "orchestratorversion",
    "osdisktype", "ossku", "ostype", "outboundtype", "passwordauth", "peeringstate",
    "peeringsynclevel", "preferredsinglesignonmode", "primarylocation", "principaltype",
    "privateendpointnetworkpolicies", "privateendpointvnetpolicies",
    "privatelinkservicenetworkpolicies", "protocol", "provisioningstate", "publicaccess",
    "publicnetworkaccess", "quotaid", "registrationstate", "replicationrole", "replicationstate",
    "resolutionpolicy", "resourcetype", "restrictionlevel", "resulttruncated", "role",
    "scaledownmode", "secondarylocation", "service", "servicename", "serviceprincipaltype",
    "sharedaccess", "signinaudience", "source", "sourceaddressprefix", "sourceaddressprefixes",
    "sourceportrange", "sourceportranges", "spendinglimit", "state", "status", "statusofprimary",
    "statusofsecondary", "supportplan", "tier", "type", "upgradechannel", "usage", "version",
    "virtualnetworklinkstate", "vmsize",
];

/// Fields whose texts are names, whatever they look like.
#[rustfmt::skip]
pub(super) static NAMES: &[&str] = &[
    "azureportalfqdn", "denyassignmentname", "displayname", "dnsprefix", "fqdn",
    "fullyqualifieddomainname", "host", "kubernetes.io-created-for-pv-name",
    "kubernetes.io-created-for-pvc-name", "kubernetes.io-created-for-pvc-namespace", "name",
    "noderesourcegroup", "privatefqdn", "rolename",
];

/// Fields whose texts only Azure can read; ids may be encoded in them.
#[rustfmt::skip]
pub(super) static OPAQUE: &[&str] = &[
    "$skiptoken", "@odata.deltalink", "@odata.etag", "@odata.nextlink", "customkeyidentifier",
    "etag", "internalid", "nextlink", "resourceuid",
];

/// The other fields that are known: their own names stay, their texts are told by their shape.
#[rustfmt::skip]
pub(super) static OTHER: &[&str] = &[
    "@odata.context", "aaaarecords", "aadprofile", "acceptmappedclaims", "accountenabled",
    "accountmigrationinprogress", "actionsrequired", "addeddatetime", "addins", "addonprofiles",
    "addressspace", "admingroupobjectids", "advancednetworking", "agentpoolprofiles",
    "allocationmethod", "allowblobpublicaccess", "allowcrosstenantreplication", "allowdelete",
    "allowedvalues", "allowforwardedtraffic", "allowgatewaytransit", "allowprotectedappendwrites",
    "allowsharedkeyaccess", "allowvirtualnetworkaccess", "alternativenames", "api",
    "apiserveraccessprofile", "appdescription", "appdisplayname", "appid",
    "applicationsecuritygroups", "applicationtemplateid", "appownerorganizationid",
    "approleassignmentrequired", "approleid", "approles", "appscopeid", "arecords",
    "assignablescopes", "audiences", "authconfig", "authorizedipranges", "autoupgradeprofile",
    "backup", "backupretentiondays", "blob", "capacity", "certification", "childmanagementgroup",
    "clientid", "cluster", "clustersize", "cname", "cnamerecord", "completedtime", "condition",
    "containerdeleteretentionpolicy", "cors", "costanalysis", "count", "countriesblockedforminors",
    "createdat", "createddatetime", "createdon", "creationtime", "customdnsconfigs",
    "customnetworkinterfacename", "data", "dataencryption", "dayofweek", "days",
    "defaultencryptionscope", "defaultredirecturi", "defaultsecurityrules",
    "defaulttooauthauthentication", "delegatedmanagedidentityresourceid",
    "delegatedsubnetresourceid", "delegations", "deleted", "deleteddatetime", "deletedtime",
    "deleteretentionpolicy", "denyencryptionscopeoverride", "description",
    "destinationapplicationsecuritygroups", "details", "dfs", "dhcpoptions", "directoryscopeid",
    "disablelocalaccounts", "diskcsidriver", "diskiopsreadwrite", "disksizegb", "dnsservers",
    "donotapplytochildscopes", "donotverifyremotegateways", "earliestrestoredate",
    "effectiveoutboundips", "eligibilityscheduleid", "enableaccesstokenissuance",
    "enableautoscaling", "enableazurerbac", "enabled", "enableddosprotection",
    "enabledforarmdeployments", "enableencryptionathost", "enablefips", "enableidtokenissuance",
    "enablenodepublicip", "enableonlyipv6peering", "enableprivatecluster", "enablerbac",
    "enablesecureboot", "enableultrassd", "enablevtpm", "encryption", "enddatetime", "error",
    "errors", "excludeprincipals", "expirationdatetime", "expiretime", "facets",
    "federatedidentitycredentials", "file", "filecsidriver", "groupid", "haenabled",
    "hasimmutabilitypolicy", "haslegalhold", "highavailability", "homepage", "homepageurl",
    "hypervgeneration", "id", "identifieruris", "identity", "identityprofile",
    "immutabilityperiodsincecreationindays", "immutabilitypolicy",
    "immutablestoragewithversioning", "implicitgrantsettings", "info", "iops", "ipaddresses",
    "ipconfigurations", "iprules", "ipv4", "ipv4address", "ipv6address", "ipv6rules",
    "isassignabletorole", "isautoregistered", "isdeviceonlyauthsupported",
    "isfallbackpublicclient", "ishnsenabled", "islocaluserenabled", "isnfsv3enabled", "isprimary",
    "issftpenabled", "issuer", "issuerurl", "issystemprotected", "key1", "key2", "keycreationtime",
    "keycredentials", "keyid", "keyuri", "knownclientapplications", "kubeletidentity",
    "lastenabledtime", "lastmodifiedat", "lastmodifiedtime", "legalhold",
    "linkedroleeligibilityscheduleid", "links", "loadbalancerprofile", "loginurl", "logourl",
    "logouturl", "maintenancewindow", "managed", "managedby", "managedbytenants",
    "managedoutboundips", "manualprivatelinkserviceconnections", "marketingurl", "maxagentpools",
    "maxcount", "maxnumberofrecordsets", "maxnumberofvirtualnetworklinks",
    "maxnumberofvirtualnetworklinkswithregistration", "maxpods", "members", "message",
    "metricsprofile", "mincount", "minimumttl", "minutes", "nameservers", "natgateway", "network",
    "networkacls", "networkintentpolicies", "networkinterfaces", "networkprofile",
    "networksecuritygroup", "nexthopipaddress", "nodecount", "nodeprovisioningprofile",
    "noderesourcegroupprofile", "notificationemailaddresses", "numberofrecordsets",
    "numberofvirtualnetworklinks", "numberofvirtualnetworklinkswithregistration",
    "oauth2permissionscopes", "objectid", "objectidentifier", "oidcissuerprofile",
    "optionalclaims", "originroleassignmentid", "osdisksizegb", "parent",
    "parentalcontrolsettings", "passwordcredentials", "path", "peercompletevnets", "permissions",
    "podcidr", "podcidrs", "podsubnetid", "port", "powerstate", "preauthorizedapplications",
    "preferredtokensigningkeythumbprint", "prefixlength", "primaryendpoints", "principal",
    "principalid", "principals", "priority", "privacystatementurl", "privatednszonearmresourceid",
    "privatednszoneconfigs", "privateendpoint", "privateendpointconnections", "privateipaddress",
    "privateipallocationmethod", "privatelinkconnectionproperties",
    "privatelinkserviceconnections", "privatelinkserviceconnectionstate", "privatelinkserviceid",
    "properties", "publicclient", "publicipaddress", "publisherdomain", "purgeprotection", "queue",
    "recordsets", "redirecturis", "refreshtime", "region", "registrationenabled",
    "remainingretentiondays", "remoteaddressspace", "remotegateways", "remotevirtualnetwork",
    "remotevirtualnetworkaddressspace", "replica", "replicacapacity", "replyurls",
    "requestedaccesstokenversion", "requiredresourceaccess", "requireinfrastructureencryption",
    "resource", "resourceaccess", "resourceaccessrules", "resourceappid", "resourcedisplayname",
    "resourceguid", "resourceid", "resourcespecificapplicationpermissions", "retention",
    "retentiondays", "retrytime", "roleassignmentscheduleid", "roledefinitionid",
    "roleeligibilityscheduleid", "roletemplateid", "routes", "routeservicevips", "routetable",
    "samlsinglesignonsettings", "scope", "securityprofile", "securityrules", "serialnumber",
    "serviceassociationlinks", "servicecidr", "servicecidrs", "serviceendpoints",
    "servicemanagementreference", "serviceprincipalnames", "services", "sku", "snapshotcontroller",
    "soarecord", "sourceapplicationsecuritygroups", "sourceserverresourceid", "sourcevault", "spa",
    "startdatetime", "starthour", "startminute", "storage", "storageprofile", "storagesizegb",
    "subject", "subnet", "subnetid", "subnets", "subscriptionid", "subscriptionpolicies",
    "subtype", "supportshttpstrafficonly", "supporturl", "systemdata", "table", "tags", "tenant",
    "tenantid", "termsofserviceurl", "throughput", "timecreated", "timestamp",
    "tokenencryptionkeyid", "totalrecords", "ttl", "update", "updatedon", "updatehistory",
    "upgradesettings", "userassignedidentities", "userassignedidentity", "useremotegateways",
    "value", "verifiedpublisher", "verifiedpublisherid", "virtualnetwork",
    "virtualnetworkpeerings", "virtualnetworkrules", "virtualnetworksubnetid", "vnetsubnetid",
    "web", "windowstart", "workloadautoscalerprofile", "workloadidentity", "zones",
];

/// Words with blanks in them: Azure writes regions so.
#[rustfmt::skip]
pub(super) static REGIONS: &[&str] = &[
    "location", "locations", "primarylocation", "secondarylocation",
];

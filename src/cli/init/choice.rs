//! Which of what was found is meant. What is not clear is left open, with everything it could be.

use std::collections::BTreeMap;

use vaudit_manifest::Entry;

use super::asker::Asker;
use super::survey::{Account, Principal, Seen, Survey, says_backup};
use crate::arguments::Init;

/// The container the installation guide names.
const USUAL_CONTAINER: &str = "vectice";

/// What goes into the manifest, and what is said about it.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// By the key's path inside a deployment.
    pub(super) entries: BTreeMap<&'static str, Entry>,
    /// What was found: the key, what it is, and the value.
    pub(super) told: Vec<(&'static str, &'static str, String)>,
    /// What could not be found out, a sentence fragment each.
    pub(super) open: Vec<String>,
}

/// A key that is looked for.
struct Wanted<'a> {
    key: &'static str,
    /// What it is, for people.
    what: &'static str,
    /// What the command line says it is.
    given: Option<&'a str>,
    /// Why there may be more candidates than were seen.
    lost: Option<&'a str>,
}

/// Something a key may be.
#[derive(Clone, Debug)]
struct Candidate {
    value: String,
    /// How it is shown in a question.
    shown: String,
    /// Whether it may be taken unasked when it is the only one.
    is_near: bool,
}

impl Candidate {
    fn named(value: &str) -> Self {
        Self { value: value.to_owned(), shown: value.to_owned(), is_near: true }
    }
}

/// Chooses, and asks where somebody can be asked.
pub(super) fn choose(survey: &Survey, arguments: &Init, asker: &mut Asker) -> Answers {
    let mut answers = Answers::default();
    let mut ask = |what: &str, options: &[String]| asker.choose(what, options);
    answers.all(survey, arguments, &mut ask);
    answers
}

/// Asks which of several is meant: a question, and the options.
type Ask<'a> = &'a mut dyn FnMut(&str, &[String]) -> Option<usize>;

impl Answers {
    fn all(&mut self, survey: &Survey, arguments: &Init, ask: Ask<'_>) {
        match &survey.tenant {
            Some(tenant) => self.found("tenant", "tenant", tenant),
            None => self.open.push("the tenant of the subscription".to_owned()),
        }
        let named = |seen: &Seen<String>| -> Vec<Candidate> {
            seen.items.iter().map(|name| Candidate::named(name)).collect()
        };
        let server = Wanted {
            key: "postgres.server",
            what: "PostgreSQL server",
            given: arguments.server.as_deref(),
            lost: survey.servers.lost.as_deref(),
        };
        self.one_of(&server, named(&survey.servers), ask);
        let cluster = Wanted {
            key: "kubernetes.cluster",
            what: "AKS cluster",
            given: arguments.cluster.as_deref(),
            lost: survey.clusters.lost.as_deref(),
        };
        self.one_of(&cluster, named(&survey.clusters), ask);
        let account = self.account(survey, arguments, ask);
        self.backups(survey, arguments, account, ask);
        self.container(account, arguments, ask);
        self.principal(survey, account, arguments, ask);
        // The backups had to be looked for first, but people read of the application first.
        self.told.sort_by_key(|(key, ..)| key.starts_with("backup."));
    }

    /// The application's account: the one whose blobs a service principal may write, else the one
    /// that is not called after backups.
    fn account<'s>(
        &mut self,
        survey: &'s Survey,
        arguments: &Init,
        ask: Ask<'_>,
    ) -> Option<&'s Account> {
        let own = || survey.accounts.items.iter().filter(|account| account.is_in_group);
        let is_written = |account: &&Account| {
            let is_application = |id: &String| {
                survey.principals.get(id).is_some_and(|own| own.is_managed == Some(false))
            };
            account.writers.items.iter().any(is_application)
        };
        let written: Vec<&Account> = own().filter(is_written).collect();
        let plain: Vec<&Account> = own().filter(|account| !account.is_for_backups()).collect();
        let candidates = match (written.as_slice(), plain.as_slice()) {
            ([_], _) => written,
            (_, [_]) => plain,
            _ => own().collect(),
        };
        let wanted = Wanted {
            key: "storage.account",
            what: "storage account",
            given: arguments.account.as_deref(),
            lost: survey.accounts.lost.as_deref(),
        };
        let candidates = candidates.iter().map(|own| Candidate::named(own.selector())).collect();
        let chosen = self.one_of(&wanted, candidates, ask)?;
        survey.accounts.items.iter().find(|own| own.selector().eq_ignore_ascii_case(&chosen))
    }

    /// The container of the copies and its account: what is called after backups, outside the
    /// application's account if there is such a thing.
    fn backups(
        &mut self,
        survey: &Survey,
        arguments: &Init,
        application: Option<&Account>,
        ask: Ask<'_>,
    ) {
        let given = arguments.backup_account.as_deref();
        let mut pairs: Vec<(&Account, &String)> = Vec::new();
        for account in &survey.accounts.items {
            let is_meant = given.map(|given| account.selector().eq_ignore_ascii_case(given));
            let is_for_backups = is_meant.unwrap_or_else(|| account.is_for_backups());
            if is_meant == Some(false) {
                continue;
            }
            let named: Vec<&String> =
                account.containers.items.iter().filter(|name| says_backup(name)).collect();
            let all = account.containers.items.iter().collect();
            let containers = if named.is_empty() && is_for_backups { all } else { named };
            pairs.extend(containers.into_iter().map(|container| (account, container)));
        }
        let is_apart = |account: &Account| application.is_none_or(|own| own.id != account.id);
        if pairs.iter().any(|(account, _)| is_apart(account)) {
            pairs.retain(|(account, _)| is_apart(account));
        }
        let mut accounts: Vec<&Account> = Vec::new();
        for (account, _) in &pairs {
            if !accounts.iter().any(|own| own.id == account.id) {
                accounts.push(account);
            }
        }
        let mut containers = survey.accounts.items.iter().map(|own| &own.containers);
        let lost = containers.find_map(|own| own.lost.as_deref());
        let lost = lost.or(survey.accounts.lost.as_deref()).or(survey.others_lost.as_deref());
        let wanted =
            Wanted { key: "backup.account", what: "account of the blob copies", given, lost };
        // What is called after backups in another group may be those of another deployment.
        let candidates = accounts.iter().map(|own| {
            let is_near = own.is_in_group;
            Candidate { is_near, ..Candidate::named(own.selector()) }
        });
        let account = self.one_of(&wanted, candidates.collect(), ask);
        let wanted = Wanted {
            key: "backup.container",
            what: "container of the blob copies",
            given: arguments.backup_container.as_deref(),
            lost,
        };
        let is_chosen =
            |own: &Account| account.as_ref().is_none_or(|chosen| own.selector() == chosen);
        let containers = pairs.iter().filter(|(own, _)| is_chosen(own)).map(|(own, container)| {
            let shown = format!("{container} in {}", own.selector());
            Candidate { value: (*container).clone(), shown, is_near: own.is_in_group }
        });
        self.one_of(&wanted, containers.collect(), ask);
    }

    /// The application's container: the one of the guide, else the only one that is not for copies.
    fn container(&mut self, account: Option<&Account>, arguments: &Init, ask: Ask<'_>) {
        let backup = |key| self.entries.get(key).and_then(|entry| entry.value.clone());
        let (backup_account, backup_container) =
            (backup("backup.account"), backup("backup.container"));
        let all = account.map(|own| own.containers.items.as_slice()).unwrap_or_default();
        let is_of_copies = |name: &String| {
            let same = account.is_some_and(|own| Some(own.selector()) == backup_account.as_deref());
            says_backup(name) || (same && Some(name) == backup_container.as_ref())
        };
        let usual = all.iter().find(|name| *name == USUAL_CONTAINER);
        let names: Vec<&String> = match usual {
            Some(usual) => vec![usual],
            None => all.iter().filter(|name| !is_of_copies(name)).collect(),
        };
        let wanted = Wanted {
            key: "storage.container",
            what: "blob container",
            given: arguments.container.as_deref(),
            lost: account.and_then(|own| own.containers.lost.as_deref()),
        };
        self.one_of(&wanted, names.iter().map(|name| Candidate::named(name)).collect(), ask);
    }

    /// The service principal: whoever holds the one role of the design on the application's account
    /// and is an application.
    fn principal(
        &mut self,
        survey: &Survey,
        account: Option<&Account>,
        arguments: &Init,
        ask: Ask<'_>,
    ) {
        let mut writers: Vec<&String> =
            account.map(|own| own.writers.items.iter().collect()).unwrap_or_default();
        writers.sort();
        writers.dedup();
        let known = writers.into_iter().filter_map(|id| Some((id, survey.principals.get(id)?)));
        let (applications, untold): (Vec<_>, Vec<_>) = known
            .filter(|(_, own)| own.is_managed != Some(true))
            .partition(|(_, own)| own.is_managed == Some(false) && own.client_id.is_some());
        let lost = account.and_then(|own| own.writers.lost.clone());
        let lost = lost.or_else(|| untold.iter().find_map(|(_, own)| own.lost.clone()));
        if applications.is_empty() && arguments.client_id.is_none() && !untold.is_empty() {
            self.untold_principals(&untold, lost.as_deref());
            return;
        }
        let candidates = applications.iter().filter_map(|(id, own)| {
            let client_id = own.client_id.as_ref()?;
            let shown = format!("client id {client_id}, object id {id}");
            Some(Candidate { value: client_id.clone(), shown, is_near: true })
        });
        let wanted = Wanted {
            key: "service_principal.client_id",
            what: "service principal (client id)",
            given: arguments.client_id.as_deref(),
            lost: lost.as_deref(),
        };
        let Some(client_id) = self.one_of(&wanted, candidates.collect(), ask) else { return };
        let is_chosen = |own: &Option<String>| {
            own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&client_id))
        };
        if let Some((id, _)) = applications.iter().find(|(_, own)| is_chosen(&own.client_id)) {
            self.found("service_principal.object_id", "service principal (object id)", id);
        }
    }

    /// Principals that may write blobs, of which the directory does not say whether they are
    /// applications: the identity of the cluster is none.
    fn untold_principals(&mut self, untold: &[(&String, &Principal)], lost: Option<&str>) {
        let ids: Vec<String> = untold.iter().map(|(id, _)| (*id).clone()).collect();
        let why = lost.unwrap_or("the directory does not say what it is");
        self.open.push(format!(
            "the service principal: {} may write blobs, but {why}",
            ids.join(" and ")
        ));
        let remark = Some(
            "If it is the application's and no managed identity; take the `#` away:".to_owned(),
        );
        let entry = Entry { value: None, others: ids, remark };
        self.entries.insert("service_principal.object_id", entry);
    }

    /// The value of a key: what the command line says, the only candidate, or the one that is
    /// chosen.
    fn one_of(
        &mut self,
        wanted: &Wanted<'_>,
        candidates: Vec<Candidate>,
        ask: Ask<'_>,
    ) -> Option<String> {
        if let Some(given) = wanted.given {
            self.found(wanted.key, wanted.what, given);
            return Some(given.to_owned());
        }
        let shown: Vec<String> = candidates.iter().map(|own| own.shown.clone()).collect();
        let is_sure = wanted.lost.is_none() && candidates.iter().all(|own| own.is_near);
        let index = match candidates.len() {
            0 => None,
            1 if is_sure => Some(0),
            1 => ask(&format!("This may be the {}.", wanted.what), &shown),
            _ => ask(&format!("Several things may be the {}.", wanted.what), &shown),
        };
        let chosen = index.and_then(|index| candidates.get(index)).map(|own| own.value.clone());
        if let Some(chosen) = &chosen {
            self.found(wanted.key, wanted.what, chosen);
            return Some(chosen.clone());
        }
        let more = wanted.lost.map(|lost| format!("; there may be more: {lost}"));
        let more = more.unwrap_or_default();
        let why = match (candidates.len(), wanted.lost) {
            (0, Some(lost)) => format!("the {}: {lost}", wanted.what),
            (0, None) => format!("the {}: nothing that could be it was seen", wanted.what),
            (1, _) => format!("whether this is the {}: {}{more}", wanted.what, shown.join("; ")),
            (count, _) => {
                format!("which of {count} is the {}: {}{more}", wanted.what, shown.join("; "))
            }
        };
        let remark = match candidates.len() {
            0 => format!("Not found out: {why}"),
            1 => "If it is this; take the `#` away:".to_owned(),
            _ => "One of these; take the `#` away:".to_owned(),
        };
        self.open.push(why);
        let others = candidates.into_iter().map(|own| own.value).collect();
        self.entries.insert(wanted.key, Entry { value: None, others, remark: Some(remark) });
        None
    }

    fn found(&mut self, key: &'static str, what: &'static str, value: &str) {
        self.told.push((key, what, value.to_owned()));
        self.entries.insert(key, Entry { value: Some(value.to_owned()), ..Entry::default() });
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use vaudit_model::ArmId;

    use super::*;
    use crate::arguments::{Arguments, Command};

    const GROUP: &str = "/subscriptions/s/resourceGroups/rg-vectice";

    fn seen<T>(items: impl IntoIterator<Item = T>) -> Seen<T> {
        Seen { items: items.into_iter().collect(), lost: None }
    }

    fn account(name: &str, containers: &[&str], writers: &[&str]) -> Account {
        let id = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}");
        Account {
            id: ArmId::parse(&id).unwrap(),
            is_in_group: true,
            containers: seen(containers.iter().map(|&own| own.to_owned())),
            writers: seen(writers.iter().map(|&own| own.to_owned())),
        }
    }

    fn survey(accounts: Vec<Account>) -> Survey {
        let principal = |client: &str, is_managed| Principal {
            client_id: Some(client.to_owned()),
            is_managed: Some(is_managed),
            lost: None,
        };
        Survey {
            tenant: Some("t".to_owned()),
            servers: seen(["pg".to_owned()]),
            clusters: seen(["aks".to_owned()]),
            accounts: seen(accounts),
            others_lost: None,
            principals: [
                ("app".to_owned(), principal("client", false)),
                ("kubelet".to_owned(), principal("identity", true)),
                ("other".to_owned(), principal("other-client", false)),
            ]
            .into(),
        }
    }

    fn init(words: &[&str]) -> Box<Init> {
        let words = [&["vaudit", "init"], words].concat();
        match Arguments::try_parse_from(words).unwrap().command {
            Command::Init(init) => init,
            other => panic!("{other:?}"),
        }
    }

    fn answers(survey: &Survey, words: &[&str], chosen: Option<usize>) -> Answers {
        let mut answers = Answers::default();
        answers.all(survey, &init(words), &mut |_, _| chosen);
        answers
    }

    fn value<'a>(answers: &'a Answers, key: &str) -> Option<&'a str> {
        answers.entries.get(key)?.value.as_deref()
    }

    #[test]
    fn the_design_is_recognised() {
        let accounts = vec![
            account("stvectice", &["logs", "vectice"], &["kubelet", "app"]),
            account("stvecticebkp", &["vectice-backup"], &["kubelet"]),
        ];
        let found = answers(&survey(accounts), &[], None);
        for (key, expected) in [
            ("tenant", "t"),
            ("postgres.server", "pg"),
            ("kubernetes.cluster", "aks"),
            ("storage.account", "stvectice"),
            ("storage.container", "vectice"),
            ("backup.account", "stvecticebkp"),
            ("backup.container", "vectice-backup"),
            ("service_principal.client_id", "client"),
            ("service_principal.object_id", "app"),
        ] {
            assert_eq!(value(&found, key), Some(expected), "{key}");
        }
        assert!(found.open.is_empty(), "{:?}", found.open);
    }

    #[test]
    fn one_account_for_both_and_other_names() {
        let accounts = vec![account("store", &["assets", "assets-backup"], &["app"])];
        let found = answers(&survey(accounts), &[], None);
        assert_eq!(value(&found, "storage.container"), Some("assets"));
        assert_eq!(value(&found, "backup.account"), Some("store"));
        assert_eq!(value(&found, "backup.container"), Some("assets-backup"));
    }

    #[test]
    fn what_is_not_clear_is_left_open_with_all_it_could_be() {
        let accounts = || {
            vec![account("one", &["a", "b"], &["app", "other"]), account("two", &["c"], &["app"])]
        };
        let mut unclear = survey(accounts());
        unclear.servers = seen(["pg-1".to_owned(), "pg-2".to_owned()]);
        let found = answers(&unclear, &[], None);
        assert_eq!(value(&found, "postgres.server"), None);
        assert_eq!(found.entries["postgres.server"].others, ["pg-1", "pg-2"]);
        assert_eq!(found.entries["storage.account"].others, ["one", "two"]);
        assert_eq!(value(&found, "service_principal.client_id"), None);
        // Whoever is asked says the first one, of each.
        let found = answers(&unclear, &[], Some(0));
        assert_eq!(value(&found, "postgres.server"), Some("pg-1"));
        assert_eq!(value(&found, "storage.account"), Some("one"));
        assert_eq!(value(&found, "storage.container"), Some("a"));
        assert_eq!(value(&found, "service_principal.client_id"), Some("client"));
        // The command line is asked nothing.
        let words = ["--account", "two", "--server", "pg-2", "--client-id", "Other-Client"];
        let found = answers(&unclear, &words, None);
        assert_eq!(value(&found, "postgres.server"), Some("pg-2"));
        assert_eq!(value(&found, "storage.container"), Some("c"));
        assert_eq!(value(&found, "service_principal.client_id"), Some("Other-Client"));
    }

    #[test]
    fn of_a_list_that_was_cut_short_nothing_is_taken_unasked() {
        let mut survey = survey(vec![account("other", &["vectice"], &[])]);
        let lost = || Some("the auditor lacks X".to_owned());
        (survey.accounts.lost, survey.servers.lost) = (lost(), lost());
        let found = answers(&survey, &[], None);
        assert_eq!(value(&found, "storage.account"), None);
        assert_eq!(found.entries["storage.account"].others, ["other"]);
        assert_eq!(value(&found, "postgres.server"), None);
        let open = found.open.join("\n");
        assert!(open.contains("pg; there may be more: the auditor lacks X"), "{open}");
        assert_eq!(value(&answers(&survey, &[], Some(0)), "storage.account"), Some("other"));
    }

    #[test]
    fn copies_elsewhere_are_not_taken_unasked() {
        let mut elsewhere = account("storebackup", &["copies"], &[]);
        elsewhere.is_in_group = false;
        let survey = survey(vec![account("store", &["vectice"], &["app"]), elsewhere]);
        let found = answers(&survey, &[], None);
        assert_eq!(value(&found, "backup.account"), None);
        assert_eq!(found.entries["backup.account"].others.len(), 1);
        assert_eq!(found.entries["backup.container"].others, ["copies"]);
        let found = answers(&survey, &[], Some(0));
        assert!(value(&found, "backup.account").is_some_and(|id| id.starts_with(GROUP)));
        assert_eq!(value(&found, "backup.container"), Some("copies"));
    }

    #[test]
    fn what_nobody_may_see_is_said() {
        let mut blind = account("store", &[], &["app"]);
        blind.containers.lost = Some("the auditor lacks X".to_owned());
        let mut survey = survey(vec![blind]);
        let own = survey.principals.get_mut("app").unwrap();
        (own.client_id, own.is_managed) = (None, None);
        own.lost = Some("the auditor lacks Application.Read.All".to_owned());
        let found = answers(&survey, &[], None);
        assert_eq!(value(&found, "service_principal.client_id"), None);
        // It may be the cluster's identity.
        assert_eq!(value(&found, "service_principal.object_id"), None);
        assert_eq!(found.entries["service_principal.object_id"].others, ["app"]);
        let open = found.open.join("\n");
        assert!(open.contains("the blob container: the auditor lacks X"), "{open}");
        assert!(open.contains("lacks Application.Read.All"), "{open}");
    }
}

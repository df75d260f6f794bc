//! Facts of the server's private DNS zone: its links, and the records somebody made.

use super::EstateFacts;
use crate::estate::Estate;
use crate::fact::Fact;

const ZONE: &str = "the private DNS zone";
const LINKS: &str = "the links of the private DNS zone";
const RECORDS: &str = "the records of the private DNS zone";

impl EstateFacts {
    pub(super) fn zone(&mut self, estate: &Estate<'_>) {
        if let Some((zone, _)) = self.one(ZONE, estate.server_zone()) {
            self.arm("private DNS zone", ZONE, &zone.id, &zone.source);
        }
        for link in self.list(LINKS, estate.zone_links().clone()) {
            self.arm("virtual network link", LINKS, &link.id, &link.source)
                .id("virtualNetwork", &link.virtual_network)
                .flag("registrationEnabled", &link.registration_enabled);
        }
        for record in self.list(RECORDS, estate.address_records()) {
            // What registers itself comes and goes with the machines.
            if record.auto_registered.value() == Some(&true) {
                continue;
            }
            let source = match &record.addresses {
                Fact::Known(_, source) | Fact::Absent(source) => source.clone(),
                Fact::Unread(gap) => {
                    self.note(RECORDS, Some(gap.clone()));
                    continue;
                }
            };
            self.arm("address record", RECORDS, &record.id, &source).each(
                "aRecords",
                &record.addresses,
                |address| Fact::Known(address.to_string(), source.clone()),
            );
        }
    }
}

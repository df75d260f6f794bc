//! Everything that talks to Azure: signing in, the one guarded transport, the planner, and one file
//! for each family of requests.
//!
//! What comes out is a [`vaudit_model::Snapshot`]; nothing here judges.

mod api_version;
mod blob_xml;
mod collector;
mod guard;
mod planner;
mod proxy;
mod random;
mod record;
mod requests;
mod retry;
mod sdk;
mod sign_in;
mod tls;
mod transport;

pub use collector::{CollectError, Observer, Progress, ask_each, collect, read};
pub use guard::{Guard, InvalidEndpoint, Method, Purpose, Refusal, is_loopback};
pub use proxy::{InvalidProxy, Proxy};
pub use random::random_bytes;
pub use record::RecordedAnswer;
pub use requests::Session;
pub use sign_in::{
    Attempt, CredentialKind, PipelinesEnvironment, SignInEnvironment, SignInError, Tokens, sign_in,
};
pub use tls::{TlsError, trusted_certificates};
pub use transport::{Incoming, Outgoing, Traffic, Transport, TransportError, Watcher};

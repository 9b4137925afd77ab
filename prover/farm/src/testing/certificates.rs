//! A farm's certificates, for this machine's loopback address.

use std::{net::SocketAddr, time::Duration};

use ashlar_identity::{Authority, ClientTls, Folder, Identity, Request, Role, ServerTls, grpc::Link};

use super::Client;

/// An authority, and what it issues.
pub struct Certificates {
    pub dir: tempfile::TempDir,
    pub authority: Authority,
}

impl Default for Certificates {
    fn default() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create(dir.path(), "test", HOUR).unwrap();
        Self { dir, authority }
    }
}

/// Longer than any test.
pub const HOUR: Duration = Duration::from_secs(3600);

impl Certificates {
    /// A certificate for this machine's loopback address.
    pub fn issue(&mut self, role: Role, name: &str, valid: Duration) -> Folder {
        let identity = Identity::new(role, name).unwrap();
        let hosts = vec!["127.0.0.1".to_owned()];
        let request = Request {
            identity,
            hosts,
            valid,
        };
        self.authority.issue(&request).unwrap()
    }

    pub fn coordinator(&mut self) -> ServerTls {
        ServerTls::open(&self.issue(Role::Coordinator, "main", HOUR)).unwrap()
    }

    /// The way to a coordinator for a holder of a new certificate.
    pub fn link(&mut self, address: SocketAddr, role: Role, name: &str) -> Link {
        let folder = self.issue(role, name, HOUR);
        let tls = ClientTls::open(&folder, role).unwrap();
        Link::new(&format!("https://{address}"), Some(tls)).unwrap()
    }

    pub async fn client(&mut self, address: SocketAddr, role: Role, name: &str) -> Client {
        Client::over(self.link(address, role, name).connect(None).await.unwrap())
    }
}

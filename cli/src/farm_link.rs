//! How a command reaches the farm's coordinator.

use std::path::PathBuf;

use ashlar_identity::{ClientTls, Folder, Role, grpc::Link};

/// Where a coordinator is unless told otherwise.
pub const DEFAULT_FARM: &str = "http://127.0.0.1:7002";

#[derive(Clone, Debug, clap::Args)]
pub struct FarmLink {
    /// Farm coordinator: plain text on this machine, https:// on others.
    #[arg(long, global = true, value_name = "URL", default_value = DEFAULT_FARM)]
    pub farm: String,
    /// Folder with the certificate that is shown to a coordinator at https://, as `ashlar certs issue` makes it.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub farm_tls: Option<PathBuf>,
}

impl FarmLink {
    /// The way there for a process of `role`.
    pub fn open(&self, role: Role) -> anyhow::Result<Link> {
        self.link(|folder| Ok(ClientTls::open(folder, role)?))
    }

    /// The way there for whoever the certificate names.
    pub fn open_as_any(&self) -> anyhow::Result<Link> {
        self.link(|folder| Ok(ClientTls::open(folder, folder.certificate()?.identity.role())?))
    }

    fn link(&self, open: impl Fn(&Folder) -> anyhow::Result<ClientTls>) -> anyhow::Result<Link> {
        let folder = self.farm_tls.as_ref().map(Folder::new);
        let tls = folder.as_ref().map(open).transpose()?;
        Ok(Link::new(&self.farm, tls)?)
    }
}

//! `ashlar certs`: the certificates of a farm that spans machines.

use std::{
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use anyhow::ensure;
use ashlar_identity::{Authority, Folder, Identity, Request, Role};
use serde_json::{Value, json};

use crate::say;

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make an authority for a farm. Its key stays where it is made; whoever has it can make any certificate.
    Init {
        #[command(flatten)]
        dir: Dir,
        /// Written into the names of certificates (SPIFFE trust domain).
        #[arg(long, default_value = "farm", value_parser = trust_domain)]
        trust_domain: String,
        /// How long it lasts.
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u64).range(1..=36_500))]
        days: u64,
    },
    /// Issue a certificate, and name the folder that its holder needs.
    Issue {
        #[command(flatten)]
        dir: Dir,
        #[command(flatten)]
        holder: Holder,
        /// DNS name or IP address that a coordinator is reached by; may be given several times.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        #[command(flatten)]
        days: Days,
    },
    /// Issue another certificate to a holder that has one, which stays good until it ends: copy the folder over the old one,
    /// whose process takes it up without a restart.
    Renew {
        #[command(flatten)]
        dir: Dir,
        #[command(flatten)]
        holder: Holder,
        #[command(flatten)]
        days: Days,
    },
    /// Revoke all certificates of a holder.
    Revoke {
        #[command(flatten)]
        dir: Dir,
        #[command(flatten)]
        holder: Holder,
    },
    /// List what was issued.
    List {
        #[command(flatten)]
        dir: Dir,
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Say whose certificate a folder holds, and until when.
    Show {
        /// With tls.crt, tls.key and ca.crt.
        folder: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub struct Dir {
    /// Folder of the authority.
    #[arg(long, default_value = "certs", value_name = "FOLDER")]
    dir: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Holder {
    /// coordinator, sequencer, worker or admin.
    #[arg(long)]
    role: Role,
    /// Unique in the farm: letters, digits, `.`, `_` and `-`.
    #[arg(long)]
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct Days {
    /// How long it lasts.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
}

impl Holder {
    fn identity(&self) -> anyhow::Result<Identity> {
        Ok(Identity::new(self.role, self.name.as_str())?)
    }
}

/// A trust domain as SPIFFE has it (SPIFFE ID, section 2.1).
fn trust_domain(text: &str) -> anyhow::Result<String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    ensure!(
        (1..=255).contains(&text.len()) && text.bytes().all(is_plain),
        "use lower-case letters, digits, `.`, `-` and `_`"
    );
    Ok(text.to_owned())
}

pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init {
            dir,
            trust_domain,
            days,
        } => init(&dir.dir, &trust_domain, days),
        Command::Issue {
            dir,
            holder,
            hosts,
            days,
        } => {
            let mut authority = Authority::open(&dir.dir)?;
            let identity = holder.identity()?;
            ensure!(
                authority.good(&identity).is_none(),
                "{identity} has a certificate, and a name belongs to one: `ashlar certs renew` replaces it, `revoke` ends it"
            );
            issue(&mut authority, identity, hosts, days.days)
        }
        Command::Renew { dir, holder, days } => {
            let mut authority = Authority::open(&dir.dir)?;
            let identity = holder.identity()?;
            let newest = authority
                .issued()
                .iter()
                .rev()
                .find(|issued| issued.is_of(&identity));
            let hosts = newest
                .ok_or_else(|| authority.never_issued(&identity))?
                .hosts
                .clone();
            issue(&mut authority, identity, hosts, days.days)
        }
        Command::Revoke { dir, holder } => revoke(&dir.dir, &holder.identity()?),
        Command::List { dir, json } => list(&Authority::open(&dir.dir)?, json),
        Command::Show { folder } => show(&Folder::new(folder)),
    }
}

fn init(dir: &Path, trust_domain: &str, days: u64) -> anyhow::Result<()> {
    Authority::create(dir, trust_domain, DAY * u32::try_from(days)?)?;
    Ok(say!(
        "authority made in {}: keep ca.key there, and a copy where nobody else finds it",
        dir.display()
    )?)
}

fn issue(authority: &mut Authority, identity: Identity, hosts: Vec<String>, days: u64) -> anyhow::Result<()> {
    let flag = match identity.role() {
        Role::Coordinator => "--tls",
        Role::Sequencer | Role::Worker | Role::Admin => "--farm-tls",
    };
    let request = Request {
        identity: identity.clone(),
        hosts,
        valid: DAY * u32::try_from(days)?,
    };
    let folder = authority.issue(&request)?;
    Ok(say!(
        "{identity}: {} (move it to where that runs, and name it there with {flag})",
        folder.path().display()
    )?)
}

fn revoke(dir: &Path, identity: &Identity) -> anyhow::Result<()> {
    let revoked = Authority::open(dir)?.revoke(identity)?;
    Ok(say!(
        "{revoked} certificate(s) of {identity} revoked: copy {} over the {} of each coordinator, which takes it up by itself",
        dir.join(Folder::REVOKED).display(),
        Folder::REVOKED
    )?)
}

fn list(authority: &Authority, json: bool) -> anyhow::Result<()> {
    if json {
        let list: Vec<Value> = authority
            .issued()
            .iter()
            .map(|issued| {
                json!({
                    "holder": issued.holder(),
                    "serial": issued.serial,
                    "hosts": issued.hosts,
                    "ends_unix": issued.ends,
                    "revoked_unix": issued.revoked,
                })
            })
            .collect();
        return Ok(say!("{:#}", Value::Array(list))?);
    }
    let now = i64::try_from(crate::unix_secs()).unwrap_or(i64::MAX);
    for issued in authority.issued() {
        let state = match issued.revoked {
            Some(_) => "revoked".to_owned(),
            None if issued.ends <= now => "over".to_owned(),
            None => format!("good for {} days", (issued.ends - now) / 86_400),
        };
        say!("{:<40} {state:<20} {}", issued.holder(), issued.serial)?;
    }
    Ok(())
}

fn show(folder: &Folder) -> anyhow::Result<()> {
    let certificate = folder.certificate()?;
    let ends = certificate.not_after.duration_since(UNIX_EPOCH)?.as_secs();
    let left = ends.saturating_sub(crate::unix_secs()) / 86_400;
    let state = if certificate.is_over() {
        "over: `ashlar certs renew`".to_owned()
    } else {
        format!("good for {left} days")
    };
    Ok(say!("{}: {state}", certificate.identity)?)
}

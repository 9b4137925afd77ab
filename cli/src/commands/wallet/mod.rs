//! `ashlar wallet`: an account of the rollup, from the key alone. The wallet remembers nothing: its account is found by
//! its L1 address and what its rollup key signs for, its history and its withdrawals are read off L1.

mod claim;
mod files;
mod force;
mod history;
mod key;
mod multisig;
mod new;
mod passkey;
mod pay;
mod policy;
mod session;
mod show;
mod sponsor;
mod validity;
mod watch;

pub use key::Source;
pub use validity::time_text;

use std::path::PathBuf;

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use anyhow::{Context, bail};
use ashlar_client::{Account, AccountKey, Authorisation, Client, ClientError, L1, auth_of};
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::policy::Policy;
use ashlar_statement::hash::Hash;

use crate::links::Links;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    key: Source,
    /// The account's policy, if other keys than the wallet's may sign for it or the wallet's may not sign everything: a
    /// file that `ashlar wallet policy` has written.
    #[arg(long, global = true, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key and keep it, encrypted, in the new file that --key-file names.
    New,
    /// Show the wallet's L1 address, and what its accounts on this rollup name for its key to sign for them.
    Address,
    /// Move money from L1 to the rollup; opens the account if there is none.
    Deposit(pay::Deposit),
    /// Show what the wallet holds, on the rollup and on L1.
    Balance(show::Balance),
    /// Pay another account.
    Transfer(pay::Transfer),
    /// Move money to an L1 address. Once its batch is proven, `claim` pays it.
    Withdraw(pay::Withdraw),
    /// Have L1 set what signs for an account of the wallet: --policy if it is given, or else the wallet's key alone,
    /// unless told otherwise.
    SetAuth(force::SetAuth),
    /// Withdraw to the wallet's L1 address by order of L1, which no sequencer can refuse. `claim` pays it.
    ForceWithdraw(force::ForceWithdraw),
    /// Pay another account by order of L1, which no sequencer can refuse.
    ForceTransfer(force::ForceTransfer),
    /// Have L1 pay what was withdrawn and is proven.
    Claim(claim::Args),
    /// List the wallet's operations, from L1's data alone or, with --remote, from the sequencer's index.
    History(history::Args),
    /// Follow batches and the wallet's operations in them, until interrupted.
    Watch(watch::Args),
    /// Pay the fee of a transaction that somebody else has signed, and send both: they are executed together or not at all.
    /// The signature for it holds for ten minutes unless --valid-for or --until say otherwise.
    Sponsor(sponsor::Args),
    /// Let other keys sign for an account, within rules.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Pay with a key that a policy lets sign within rules, from somebody's account.
    #[command(subcommand)]
    Session(session::Command),
    /// Hold a key with others: any so many of its parties sign together, fewer cannot.
    #[command(subcommand)]
    Multisig(multisig::Command),
    /// Let a passkey own accounts: it sets what signs for them, and takes the money out, without a key of Ethereum.
    #[command(subcommand)]
    Passkey(passkey::Command),
}

/// The wallet's key, and both ends that it talks to.
struct Wallet {
    ethereum: PrivateKeySigner,
    key: SecretKey,
    /// What the wallet's account has, if that is not the plain policy of its key.
    policy: Option<Policy>,
    links: Links,
}

impl Wallet {
    async fn both(&self) -> anyhow::Result<(Client, L1)> {
        self.links.both(Some(self.ethereum.clone())).await
    }

    async fn l1(&self) -> anyhow::Result<L1> {
        self.links.l1(Some(self.ethereum.clone())).await
    }

    /// Who owns its accounts.
    fn owner(&self) -> Address {
        self.ethereum.address()
    }

    /// What accounts name that its key signs for.
    fn auth(&self) -> Hash {
        let plain = || auth_of(&self.key.public_key());
        self.policy.as_ref().map_or_else(plain, Policy::root)
    }

    /// What it signs with.
    fn authorisation(&self) -> anyhow::Result<Authorisation> {
        let key = self.key.clone();
        Ok(match &self.policy {
            Some(policy) => Authorisation::under(policy, key).context("--policy")?,
            None => Authorisation::plain(key),
        })
    }

    /// The account that its key signs for, or else the first one of its L1 address, which a deposit by somebody else has
    /// opened.
    async fn account(&self, client: &Client) -> Result<Option<Account>, ClientError> {
        let named = |auth| AccountKey::Owner {
            l1_owner: self.owner(),
            auth,
        };
        match client.account(named(Some(self.auth()))).await? {
            Some(account) => Ok(Some(account)),
            None => client.account(named(None)).await,
        }
    }

    /// The account that its key signs for, ready to pay.
    async fn payer(&self) -> anyhow::Result<pay::Payer> {
        let (client, l1) = self.both().await?;
        let authorisation = self.authorisation()?;
        let asked = AccountKey::Owner {
            l1_owner: self.owner(),
            auth: Some(authorisation.auth()),
        };
        let sender = match client.sender_under(asked, authorisation).await {
            Err(error @ ClientError::NoAccount { .. }) => match self.account(&client).await? {
                Some(account) => bail!(
                    "account {}, which is the wallet's L1 address's, is signed for otherwise: name its policy with --policy, or `ashlar wallet set-auth` sets what signs for it",
                    account.index
                ),
                None => return Err(error).context("the wallet has no account"),
            },
            sender => sender?,
        };
        Ok(pay::Payer { client, l1, sender })
    }
}

/// Runs what must not be left half done without a word.
fn until_interrupted(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = work => outcome,
            () = interrupted.cancelled() => bail!("interrupted"),
        }
    })
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Command::New = args.command {
        return new::run(&args.key, &args.links);
    }
    if let Command::Multisig(command) = args.command {
        return multisig::run(args.key.password_file.as_deref(), &args.links, command);
    }
    let (policy, password_file) = (args.policy.as_deref(), args.key.password_file.as_deref());
    match args.command {
        Command::Session(command) => {
            let given = session::Given {
                links: &args.links,
                policy,
                password_file,
            };
            return until_interrupted(session::run(given, command));
        }
        Command::Passkey(command) => return until_interrupted(passkey::run(&args.links, &args.key, command)),
        Command::Policy(command) if !matches!(command, policy::Command::New(_)) => {
            return until_interrupted(policy::run(&args.links, policy, command));
        }
        _ => {}
    }
    let ethereum = args.key.signer()?;
    let links = args.links;
    let is_watch = matches!(args.command, Command::Watch(_));
    crate::shutdown::run(async |interrupted| {
        let command = async {
            let domain = links.domain().await?;
            let policy = args.policy.as_deref().map(|path| policy::load(path, &domain));
            let wallet = Wallet {
                policy: policy.transpose()?,
                key: super::key::derive(&ethereum, &domain)?,
                ethereum,
                links,
            };
            match args.command {
                Command::New | Command::Multisig(_) | Command::Passkey(_) | Command::Session(_) => Ok(()),
                Command::Policy(policy::Command::New(args)) => policy::new(&wallet, &domain, &args),
                Command::Policy(_) => Ok(()),
                Command::Address => Ok(show::address(&wallet)?),
                Command::Deposit(args) => pay::deposit(&wallet, args).await,
                Command::Balance(args) => show::balance(&wallet, &args).await,
                Command::Transfer(args) => pay::transfer(wallet.payer().await?, args).await,
                Command::Withdraw(args) => pay::withdraw(wallet.payer().await?, args).await,
                Command::Sponsor(args) => sponsor::run(wallet.payer().await?, &args).await,
                Command::SetAuth(args) => force::set_auth(&wallet, &args).await,
                Command::ForceWithdraw(args) => force::withdraw(&wallet, &args).await,
                Command::ForceTransfer(args) => force::transfer(&wallet, &args).await,
                Command::Claim(args) => claim::run(&wallet, &args).await,
                Command::History(args) => history::run(&wallet, &args).await,
                Command::Watch(args) => watch::run(&wallet, &args).await,
            }
        };
        tokio::select! {
            outcome = command => outcome,
            () = interrupted.cancelled(), if is_watch => Ok(()),
            () = interrupted.cancelled() => anyhow::bail!("interrupted"),
        }
    })
}

//! JSON-RPC endpoints: a deadline on every request, and answers that count only when enough endpoints give them.

use std::{future::IntoFuture, sync::Arc, time::Duration};

use alloy::{
    providers::{DynProvider, Provider, ProviderBuilder},
    transports::{TransportError, http::reqwest},
};
use ashlar_report::chain;
use futures::{StreamExt, stream::FuturesUnordered};

use super::{L1Error, RequestError};

/// Time to open a connection; shorter than any request's deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer that a quorum has given is held back for the endpoints that have not answered.
const STRAGGLERS: Duration = Duration::from_millis(500);

/// One node.
#[derive(Clone, Debug)]
struct Endpoint {
    /// Host and port: the rest of a URL may hold a secret.
    name: Arc<str>,
    url: Arc<str>,
    provider: DynProvider,
    timeout: Duration,
}

impl Endpoint {
    fn new(url: &str, timeout: Duration) -> Result<Self, L1Error> {
        let malformed = || L1Error::Endpoint {
            endpoint: url.to_owned(),
        };
        let parsed: reqwest::Url = url.parse().map_err(|_| malformed())?;
        let host = parsed.host_str().ok_or_else(malformed)?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(malformed());
        }
        let name = match parsed.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .build()
            .map_err(L1Error::HttpClient)?;
        Ok(Self {
            name: name.into(),
            url: parsed.as_str().into(),
            provider: ProviderBuilder::default()
                .connect_reqwest(client, parsed)
                .erased(),
            timeout,
        })
    }

    async fn ask<T>(
        &self,
        request: &'static str,
        answer: impl IntoFuture<Output = Result<T, TransportError>>,
    ) -> Result<T, RequestError> {
        match tokio::time::timeout(self.timeout, answer.into_future()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(RequestError::Transport {
                endpoint: self.name.to_string(),
                request,
                reason: chain(&error).replace(&*self.url, &self.name),
                refusal: error
                    .as_error_resp()
                    .map(|refusal| refusal.message.clone().into_owned()),
            }),
            Err(_) => Err(RequestError::Deadline {
                endpoint: self.name.to_string(),
                request,
                limit: self.timeout,
            }),
        }
    }
}

/// The nodes that are asked, and how many must agree.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    list: Arc<[Endpoint]>,
    quorum: usize,
}

impl Endpoints {
    /// `quorum` is more than half of the endpoints unless given.
    pub fn new(urls: &[String], quorum: Option<usize>, timeout: Duration) -> Result<Self, L1Error> {
        let list: Arc<[_]> = urls
            .iter()
            .map(|url| Endpoint::new(url, timeout))
            .collect::<Result<_, _>>()?;
        if list.is_empty() {
            return Err(L1Error::NoEndpoint);
        }
        let quorum = quorum.unwrap_or(list.len() / 2 + 1);
        if !(1..=list.len()).contains(&quorum) {
            let endpoints = list.len();
            return Err(L1Error::Quorum { quorum, endpoints });
        }
        Ok(Self { list, quorum })
    }

    /// Asks every endpoint at once; `decide` looks at the answers after each one that comes, and ends it.
    async fn ask<T, F, R>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
        mut decide: impl FnMut(&mut Vec<T>) -> Option<R>,
    ) -> Result<R, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let mut asked: FuturesUnordered<_> = self
            .list
            .iter()
            .map(|endpoint| endpoint.ask(request, ask(endpoint.provider.clone())))
            .collect();
        let (mut answers, mut failure) = (Vec::new(), None);
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    failure.get_or_insert(error);
                    continue;
                }
            }
            if let Some(decided) = decide(&mut answers) {
                return Ok(decided);
            }
        }
        match failure {
            Some(error) if answers.len() < self.quorum => Err(error.into()),
            _ => Err(L1Error::Disagreement {
                request,
                quorum: self.quorum,
                endpoints: self.list.len(),
                answers: answers.len(),
            }),
        }
    }

    /// The answer that a quorum gives.
    pub async fn agree<T: PartialEq, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<T, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let quorum = self.quorum;
        self.ask(request, ask, |answers| {
            let newest = answers.last()?;
            let equal = answers.iter().filter(|answer| *answer == newest).count();
            if equal < quorum { None } else { answers.pop() }
        })
        .await
    }

    /// The largest value that a quorum has reached: for numbers that grow, as a chain's height. Waits a moment longer
    /// than for a quorum, so that an endpoint that lags does not hold back those that do not.
    pub async fn reached<T: Ord, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<T, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let quorum = self.quorum;
        let mut asked: FuturesUnordered<_> = self
            .list
            .iter()
            .map(|endpoint| endpoint.ask(request, ask(endpoint.provider.clone())))
            .collect();
        let (mut answers, mut failure) = (Vec::new(), None);
        loop {
            let patience = if answers.len() < quorum {
                Duration::MAX
            } else {
                STRAGGLERS
            };
            match tokio::time::timeout(patience, asked.next()).await {
                Ok(Some(Ok(answer))) => answers.push(answer),
                Ok(Some(Err(error))) => failure = failure.or(Some(error)),
                Ok(None) | Err(_) => break,
            }
        }
        answers.sort();
        let answered = answers.len();
        match (answered.checked_sub(quorum), failure) {
            (Some(place), _) => Ok(answers.swap_remove(place)),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(L1Error::Disagreement {
                request,
                quorum,
                endpoints: self.list.len(),
                answers: answered,
            }),
        }
    }

    /// The first answer of any endpoint: for what a lie cannot spoil.
    pub async fn any<T, F>(&self, request: &'static str, ask: impl Fn(DynProvider) -> F) -> Result<T, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        self.ask(request, ask, Vec::pop).await
    }

    /// What each endpoint says to the same request.
    pub async fn each<T, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Vec<Result<T, RequestError>>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let asked = self
            .list
            .iter()
            .map(|endpoint| endpoint.ask(request, ask(endpoint.provider.clone())));
        futures::future::join_all(asked).await
    }
}

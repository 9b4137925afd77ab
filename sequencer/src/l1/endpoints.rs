//! JSON-RPC endpoints: a deadline on every request, and answers that count only when enough endpoints give them.

use std::{future::IntoFuture, sync::Arc, time::Duration};

use alloy::{
    providers::{DynProvider, Provider, ProviderBuilder},
    transports::{TransportError, http::reqwest},
};
use ashlar_report::chain;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{L1Error, RequestError};

/// Time to open a connection; shorter than any request's deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer that a quorum has given is held back for the endpoints that have not answered.
const STRAGGLERS: Duration = Duration::from_millis(500);

/// What a node refuses in its own words where the request is at fault, not the node.
const REFUSED_FOR_GOOD: [&str; 3] = ["eth_estimateGas", "eth_getLogs", "eth_sendRawTransaction"];

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
        if parsed.scheme() != "http" {
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

    /// Asks until there is an answer, three times at most and within the deadline: a look at L1 takes many requests, and
    /// would never come to its end over a node that loses a few of them.
    async fn ask<T, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<T, RequestError>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let deadline = Instant::now() + self.timeout;
        let mut pauses = [self.timeout / 32, self.timeout / 8].into_iter();
        let mut failure = None;
        loop {
            let answer = ask(self.provider.clone()).into_future();
            let Ok(answer) = tokio::time::timeout_at(deadline, answer).await else {
                return Err(failure.unwrap_or_else(|| self.late(request)));
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => self.failed(request, &error),
            };
            let is_final = REFUSED_FOR_GOOD.contains(&request) && error.refusal().is_some();
            let Some(pause) = pauses.next().filter(|_| !is_final) else {
                return Err(error);
            };
            failure = Some(error);
            tokio::time::sleep(pause).await;
        }
    }

    fn late(&self, request: &'static str) -> RequestError {
        RequestError::Deadline {
            endpoint: self.name.to_string(),
            request,
            limit: self.timeout,
        }
    }

    fn failed(&self, request: &'static str, error: &TransportError) -> RequestError {
        RequestError::Transport {
            endpoint: self.name.to_string(),
            request,
            reason: chain(error).replace(&*self.url, &self.name),
            refusal: error
                .as_error_resp()
                .map(|refusal| refusal.message.clone().into_owned()),
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

    /// Asks every endpoint at once and collects what they say, for as long as `patience` with the answers so far lasts.
    async fn gather<T, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
        patience: impl Fn(&[T]) -> Duration,
    ) -> Gathered<T>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let mut asked: FuturesUnordered<_> = self
            .list
            .iter()
            .map(|endpoint| endpoint.ask(request, &ask))
            .collect();
        let mut gathered = Gathered {
            answers: Vec::new(),
            failures: Vec::new(),
        };
        while let Ok(Some(answer)) = tokio::time::timeout(patience(&gathered.answers), asked.next()).await {
            match answer {
                Ok(answer) => gathered.answers.push(answer),
                Err(error) => gathered.failures.push(error),
            }
        }
        gathered
    }

    /// Why the answers are not enough: a failure where endpoints failed, else that they do not agree.
    fn lacking<T>(&self, request: &'static str, gathered: Gathered<T>) -> L1Error {
        let answers = gathered.answers.len();
        match gathered.failures.into_iter().next() {
            Some(error) if answers < self.quorum => error.into(),
            _ => L1Error::Disagreement {
                request,
                quorum: self.quorum,
                endpoints: self.list.len(),
                answers,
            },
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
        let agreed = |answers: &[T]| {
            let count = |answer| answers.iter().filter(|other| *other == answer).count();
            answers.iter().position(|answer| count(answer) >= self.quorum)
        };
        let until_agreed = |answers: &[T]| match agreed(answers) {
            Some(_) => Duration::ZERO,
            None => Duration::MAX,
        };
        let mut gathered = self.gather(request, ask, until_agreed).await;
        match agreed(&gathered.answers) {
            Some(place) => Ok(gathered.answers.swap_remove(place)),
            None => Err(self.lacking(request, gathered)),
        }
    }

    /// The largest value that a quorum has reached: for numbers that grow, as a chain's height, and for what should rather
    /// be too little than too much.
    pub async fn reached<T: Ord, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<T, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let mut answers = self.ordered(request, ask).await?;
        let place = answers.len() - self.quorum;
        Ok(answers.swap_remove(place))
    }

    /// The largest value that a quorum has reached, and the least that a quorum does not exceed, the smaller one first:
    /// for numbers that honest endpoints need not agree on. Each end is some honest endpoint's, or between two of them, as
    /// long as a quorum of those that answer is honest.
    pub async fn around<T: Ord + Copy, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<[T; 2], L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let answers = self.ordered(request, ask).await?;
        let ends = [answers.len() - self.quorum, self.quorum - 1].map(|place| answers[place]);
        let [one, other] = ends;
        Ok([one.min(other), one.max(other)])
    }

    /// The answers of at least a quorum, in order. Waits a moment longer than for a quorum, so that an endpoint that lags
    /// does not hold back those that do not.
    async fn ordered<T: Ord, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<Vec<T>, L1Error>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        let until_stragglers = |answers: &[T]| {
            if answers.len() < self.quorum {
                Duration::MAX
            } else {
                STRAGGLERS
            }
        };
        let mut gathered = self.gather(request, ask, until_stragglers).await;
        if gathered.answers.len() < self.quorum {
            return Err(self.lacking(request, gathered));
        }
        gathered.answers.sort();
        Ok(gathered.answers)
    }

    /// What the first endpoint that has it says; `None` if those that answer do not have it.
    pub async fn find<T, F>(
        &self,
        request: &'static str,
        ask: impl Fn(DynProvider) -> F,
    ) -> Result<Option<T>, L1Error>
    where
        F: IntoFuture<Output = Result<Option<T>, TransportError>>,
    {
        let until_found = |answers: &[Option<T>]| match answers.last() {
            Some(Some(_)) => Duration::ZERO,
            _ => Duration::MAX,
        };
        let gathered = self.gather(request, ask, until_found).await;
        if gathered.answers.is_empty() {
            return Err(self.lacking(request, gathered));
        }
        Ok(gathered.answers.into_iter().flatten().next())
    }

    /// What every endpoint says to the same request.
    pub async fn each<T, F>(&self, request: &'static str, ask: impl Fn(DynProvider) -> F) -> Gathered<T>
    where
        F: IntoFuture<Output = Result<T, TransportError>>,
    {
        self.gather(request, ask, |_| Duration::MAX).await
    }
}

/// What endpoints said to one request.
#[derive(Debug)]
pub(crate) struct Gathered<T> {
    /// Answers, in the order in which they came.
    pub answers: Vec<T>,
    /// Why the others gave none.
    pub failures: Vec<RequestError>,
}

//! A network that fails: a proxy between a client and its server that can be cut, or go silent.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    /// Connections of an earlier generation have ended.
    generation: usize,
    /// Nobody gets through.
    cut: bool,
    /// Connections before this one are silent, by way.
    silent_before: [usize; 2],
}

#[derive(Debug)]
struct State {
    weather: watch::Sender<Weather>,
    connections: AtomicUsize,
    /// So many bytes more, by way, and every connection ends.
    fuses: [AtomicI64; 2],
    blown: AtomicUsize,
    hung_up: AtomicUsize,
}

/// Passes connections on to a server, until told otherwise.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    pub async fn to(server: impl ToString) -> Self {
        let (listener, server) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            server.to_string(),
        );
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(State {
                weather: watch::Sender::default(),
                connections: AtomicUsize::new(0),
                fuses: [AtomicI64::new(i64::MAX), AtomicI64::new(i64::MAX)],
                blown: AtomicUsize::new(0),
                hung_up: AtomicUsize::new(0),
            }),
        };
        let state = proxy.state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(state.clone().pass_on(client, server.clone()));
            }
        });
        proxy
    }

    /// Ends every connection, and takes no other until [`Self::mend`].
    pub fn cut(&self) {
        self.state.end_all(true);
    }

    pub fn mend(&self) {
        self.state.weather.send_modify(|weather| weather.cut = false);
    }

    /// From now on the connections that there are stay open for both ends, and what is sent over them this way is lost, their
    /// end too. Later ones are as good as ever.
    pub fn silence(&self, ways: &[Way]) {
        let connections = self.state.connections.load(Ordering::SeqCst);
        self.state.weather.send_modify(|weather| {
            for &way in ways {
                weather.silent_before[way as usize] = connections;
            }
        });
    }

    /// Ends every connection once so many more bytes have gone this way, in the middle of what is sent.
    pub fn cut_after(&self, way: Way, bytes: i64) {
        self.state.fuses[way as usize].store(bytes, Ordering::SeqCst);
    }

    /// How often [`Self::cut_after`] did that.
    pub fn times_cut(&self) -> usize {
        self.state.blown.load(Ordering::SeqCst)
    }

    /// How many silent connections the server has given up.
    pub fn given_up(&self) -> usize {
        self.state.hung_up.load(Ordering::SeqCst)
    }
}

impl State {
    fn end_all(&self, cut: bool) {
        self.weather.send_modify(|weather| {
            weather.generation += 1;
            weather.cut |= cut;
        });
    }

    async fn pass_on(self: Arc<Self>, client: TcpStream, server: String) {
        let mut told = self.weather.subscribe();
        let Weather { generation, cut, .. } = *told.borrow_and_update();
        if cut {
            return; // as a server that is not there
        }
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let connection = self.connections.fetch_add(1, Ordering::SeqCst);
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::select! {
            _ = async {
                tokio::join!(
                    self.pump(from_client, to_server, Way::ToServer, connection),
                    self.pump(from_server, to_client, Way::ToClient, connection),
                )
            } => {}
            _ = told.wait_for(|weather| weather.generation > generation) => {}
        }
    }

    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, connection: usize) {
        let mut buffer = [0; 16 << 10];
        loop {
            let read = from.read(&mut buffer).await.unwrap_or(0);
            let silent = connection < self.weather.borrow().silent_before[way as usize];
            if silent && read == 0 {
                if way == Way::ToClient {
                    self.hung_up.fetch_add(1, Ordering::SeqCst);
                }
                return std::future::pending().await; // the other end does not hear of it
            }
            if silent {
                continue;
            }
            let left = self.fuses[way as usize].fetch_sub(read as i64, Ordering::SeqCst);
            if left < read as i64 {
                self.fuses[way as usize].store(i64::MAX, Ordering::SeqCst);
                to.write_all(&buffer[..left.max(0) as usize]).await.ok();
                self.blown.fetch_add(1, Ordering::SeqCst);
                return self.end_all(false);
            }
            if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
                to.shutdown().await.ok();
                return;
            }
        }
    }
}

//! A server and clients with certificates of a real authority, over TCP.

use std::{io, net::SocketAddr, path::Path, time::Duration};

use ashlar_identity::{Authority, ClientTls, Folder, Identity, IdentityError, Request, Role, ServerTls};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(3600);

struct Farm {
    _dir: tempfile::TempDir,
    authority: Authority,
    address: SocketAddr,
}

fn request(role: Role, name: &str, valid: Duration) -> Request {
    Request {
        identity: Identity::new(role, name).unwrap(),
        hosts: vec!["localhost".into(), "127.0.0.1".into()],
        valid,
    }
}

impl Farm {
    /// An authority, and a coordinator that greets each client by its identity and echoes what it says.
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut authority = Authority::create(&dir.path().join("ca"), "test", LONG).unwrap();
        let folder = authority
            .issue(&request(Role::Coordinator, "main", LONG))
            .unwrap();
        let tls = ServerTls::open(&folder).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(tls.clone(), stream));
            }
        });
        Self {
            _dir: dir,
            authority,
            address,
        }
    }

    fn client(&mut self, role: Role, name: &str, valid: Duration) -> (ClientTls, Folder) {
        let folder = self.authority.issue(&request(role, name, valid)).unwrap();
        (ClientTls::open(&folder, role).unwrap(), folder)
    }

    async fn greeting(&self, tls: &ClientTls) -> io::Result<String> {
        let mut stream = tls.connect("localhost", self.tcp().await).await?;
        stream.write_all(b"hello\n").await?;
        let mut text = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut text))
            .await
            .expect("an answer")?;
        Ok(text)
    }

    async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn serve(tls: ServerTls, stream: TcpStream) -> io::Result<()> {
    let mut stream = tls.accept(stream);
    let mut byte = [0];
    let mut line = Vec::new();
    while stream.read(&mut byte).await? == 1 {
        line.push(byte[0]);
        match line.as_slice() {
            b"hello\n" => {
                let peer = stream.peer().identity().expect("known by now").to_string();
                stream.write_all(peer.as_bytes()).await?;
                return stream.shutdown().await;
            }
            b"ping\n" => {
                stream.write_all(b"pong\n").await?;
                line.clear();
            }
            _ => {}
        }
    }
    Ok(())
}

/// Says ping on an open connection until that fails.
async fn until_cut(tls: &ClientTls, farm: &Farm, then: impl FnOnce()) -> io::Error {
    let mut stream = tls.connect("localhost", farm.tcp().await).await.unwrap();
    let mut pong = [0; 5];
    stream.write_all(b"ping\n").await.unwrap();
    stream.read_exact(&mut pong).await.expect("good as yet");
    then();
    timeout(PATIENCE, async {
        loop {
            sleep(Duration::from_millis(50)).await;
            if let Err(error) = stream.write_all(b"ping\n").await {
                return error;
            }
            if let Err(error) = stream.read_exact(&mut pong).await {
                return error;
            }
        }
    })
    .await
    .expect("it is cut")
}

#[tokio::test]
async fn a_client_is_known_by_its_role_and_name() {
    let mut farm = Farm::start().await;
    for (role, name) in [(Role::Worker, "gpu-1"), (Role::Admin, "anna")] {
        let (tls, _) = farm.client(role, name, LONG);
        assert_eq!(farm.greeting(&tls).await.unwrap(), format!("{role} {name}"));
        assert_eq!(tls.fault(), None);
    }
}

#[tokio::test]
async fn a_client_of_another_authority_is_refused_and_told_why() {
    let mut farm = Farm::start().await;
    let mut other = Farm::start().await;
    let (_, folder) = other.client(Role::Worker, "gpu-1", LONG);
    let tls = ClientTls::open(&folder, Role::Worker).unwrap();
    let error = farm.greeting(&tls).await.unwrap_err();
    assert!(error.to_string().contains("another authority"), "{error}");

    // One that trusts the coordinator, and whose own certificate is of the other authority.
    let (_, own) = farm.client(Role::Worker, "gpu-1", LONG);
    std::fs::copy(own.path().join("ca.crt"), folder.path().join("ca.crt")).unwrap();
    let tls = ClientTls::open(&folder, Role::Worker).unwrap();
    let error = farm.greeting(&tls).await.unwrap_err();
    assert!(
        error.to_string().contains("another authority issued it"),
        "{error}"
    );
    assert!(tls.fault().expect("it is noted").lasting);
}

#[tokio::test]
async fn plain_text_is_not_answered() {
    let farm = Farm::start().await;
    let mut stream = farm.tcp().await;
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("it is closed")
        .ok();
    assert!(!answer.windows(5).any(|part| part == b"hello"), "{answer:?}");
    assert!(answer.len() < 16, "an alert at most: {answer:?}");
}

#[tokio::test]
async fn a_revoked_certificate_ends_its_connections_and_opens_none() {
    let mut farm = Farm::start().await;
    let (tls, _) = farm.client(Role::Worker, "gpu-1", LONG);
    let (other, _) = farm.client(Role::Worker, "gpu-2", LONG);
    let mut authority = Authority::open(&farm._dir.path().join("ca")).unwrap();
    let identity = Identity::new(Role::Worker, "gpu-1").unwrap();
    until_cut(&tls, &farm, || {
        assert_eq!(authority.revoke(&identity).unwrap(), 1)
    })
    .await;
    let error = farm.greeting(&tls).await.unwrap_err();
    assert!(error.to_string().contains("it was revoked"), "{error}");
    assert!(tls.fault().expect("it is noted").lasting);
    assert_eq!(farm.greeting(&other).await.unwrap(), "worker gpu-2");
    assert!(matches!(
        authority.revoke(&identity),
        Err(IdentityError::NeverIssued { .. })
    ));
}

#[tokio::test]
async fn a_certificate_that_ends_ends_its_connections_and_its_successor_is_taken_from_the_folder() {
    let mut farm = Farm::start().await;
    let (tls, folder) = farm.client(Role::Sequencer, "main", Duration::from_secs(3));
    until_cut(&tls, &farm, || {}).await;
    let error = farm.greeting(&tls).await.unwrap_err();
    assert!(error.to_string().contains("it is over"), "{error}");
    assert!(!tls.fault().expect("it is noted").lasting);
    assert!(matches!(
        ClientTls::open(&folder, Role::Sequencer),
        Err(IdentityError::Expired { .. })
    ));
    farm.client(Role::Sequencer, "main", LONG); // into the same folder
    sleep(Duration::from_millis(600)).await;
    assert_eq!(farm.greeting(&tls).await.unwrap(), "sequencer main");
    assert_eq!(tls.fault(), None);
}

#[tokio::test]
async fn one_peer_cannot_use_up_the_connections_of_others() {
    let mut farm = Farm::start().await;
    let (greedy, _) = farm.client(Role::Worker, "greedy", LONG);
    let (modest, _) = farm.client(Role::Worker, "modest", LONG);
    let mut held = Vec::new();
    let mut pong = [0; 5];
    for _ in 0..32 {
        let mut stream = greedy.connect("localhost", farm.tcp().await).await.unwrap();
        stream.write_all(b"ping\n").await.unwrap();
        stream.read_exact(&mut pong).await.unwrap();
        held.push(stream);
    }
    farm.greeting(&greedy).await.expect_err("one too many");
    assert_eq!(farm.greeting(&modest).await.unwrap(), "worker modest");
    drop(held);
    timeout(PATIENCE, async {
        while farm.greeting(&greedy).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("its places are free again");
}

#[tokio::test]
async fn nobody_but_a_coordinator_of_that_name_is_believed() {
    let mut farm = Farm::start().await;
    let (tls, _) = farm.client(Role::Worker, "gpu-1", LONG);
    let elsewhere = tls.connect("farm.example", farm.tcp().await).await.unwrap_err();
    assert!(
        elsewhere.to_string().contains("--host farm.example"),
        "{elsewhere}"
    );

    // An operator's own authority may give every certificate every use: the role is what counts.
    let folder = farm.authority.issue(&request(Role::Admin, "anna", LONG)).unwrap();
    assert!(matches!(
        ServerTls::open(&folder),
        Err(IdentityError::WrongRole {
            expected: Role::Coordinator,
            ..
        })
    ));
    assert!(matches!(
        ClientTls::open(&folder, Role::Worker),
        Err(IdentityError::WrongRole {
            expected: Role::Worker,
            ..
        })
    ));
}

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut authority = Authority::create(dir.path(), "test", LONG).unwrap();
    let one = authority.issue(&request(Role::Worker, "one", LONG)).unwrap();
    let two = authority.issue(&request(Role::Worker, "two", LONG)).unwrap();
    let three = authority.issue(&request(Role::Worker, "three", LONG)).unwrap();
    std::fs::copy(one.path().join("tls.key"), two.path().join("tls.key")).unwrap();
    assert!(matches!(
        ClientTls::open(&two, Role::Worker),
        Err(IdentityError::Mismatch { .. })
    ));
    let revoked = three.path().join("ca.crl");
    std::fs::write(&revoked, "").unwrap();
    let emptied = ClientTls::open(&three, Role::Worker);
    assert!(
        matches!(emptied, Err(IdentityError::Content { .. })),
        "not: nothing is revoked"
    );
    std::fs::remove_file(&revoked).unwrap();
    std::fs::create_dir(&revoked).unwrap();
    let unreadable = ClientTls::open(&three, Role::Worker);
    assert!(matches!(unreadable, Err(IdentityError::File { .. })));
    std::fs::remove_dir(&revoked).unwrap();
    ClientTls::open(&three, Role::Worker).expect("nothing was ever revoked");
    std::fs::write(one.path().join("tls.crt"), "nothing").unwrap();
    assert!(matches!(one.certificate(), Err(IdentityError::Content { .. })));
    std::fs::remove_file(one.path().join("tls.crt")).unwrap();
    assert!(matches!(one.certificate(), Err(IdentityError::File { .. })));
}

#[test]
fn an_authority_is_made_once_and_its_keys_are_its_owner_s() {
    let dir = tempfile::tempdir().unwrap();
    let mut authority = Authority::create(dir.path(), "test", LONG).unwrap();
    assert!(matches!(
        Authority::create(dir.path(), "test", LONG),
        Err(IdentityError::AuthorityExists(_))
    ));
    let folder = authority.issue(&request(Role::Worker, "gpu-1", LONG)).unwrap();
    for key in [dir.path().join("ca.key"), folder.path().join("tls.key")] {
        assert_eq!(mode(&key), 0o600, "{}", key.display());
    }
    let again = Authority::open(dir.path()).unwrap();
    let identity = Identity::new(Role::Worker, "gpu-1").unwrap();
    let issued = again.good(&identity).expect("it is remembered");
    assert_eq!((issued.holder(), issued.hosts.len()), ("worker gpu-1".into(), 2));
}

#[test]
fn a_coordinator_without_a_host_or_with_a_wrong_one_gets_no_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let mut authority = Authority::create(dir.path(), "test", LONG).unwrap();
    let with = |hosts: &[&str]| Request {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..request(Role::Coordinator, "main", LONG)
    };
    assert!(matches!(authority.issue(&with(&[])), Err(IdentityError::NoHost)));
    for host in ["http://farm", "a b", "-a", "a..b", ""] {
        let refused = authority.issue(&with(&[host]));
        assert!(matches!(refused, Err(IdentityError::Host(_))), "{host}");
    }
    for host in ["farm", "farm.example", "*.farm.example", "10.0.0.1", "::1"] {
        authority.issue(&with(&[host])).expect(host);
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

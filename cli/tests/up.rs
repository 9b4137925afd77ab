//! `ashlar up` with real processes: it deploys, starts, stops on a signal with all its children, and goes on where it
//! was. The L1 is a node of this test, which lives longer than each `up`.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// On a fresh machine circuits and keys are made first.
const START_LIMIT: Duration = Duration::from_secs(900);
const STOP_LIMIT: Duration = Duration::from_secs(60);

struct Setting {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Setting {
    fn new(l1_rpc: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let key = hex(&ashlar_devnet::DEV_ACCOUNTS[0].secret_key.0);
        std::fs::write(at("operator.key"), key).expect("writes");
        let ports: Vec<TcpListener> = (0..2)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
            .collect();
        let address = |index: usize| ports[index].local_addr().expect("bound").to_string();
        let variables = vec![
            ("ASHLAR_UP_DATA_DIR", at("data")),
            ("ASHLAR_UP_NO_DEVNET", "true".into()),
            ("ASHLAR_UP_OPERATOR_KEY_FILE", at("operator.key")),
            ("ASHLAR_UP_WORKERS", "0".into()), // nothing is proved here
            ("ASHLAR_L1_RPC", l1_rpc.to_owned()),
            ("ASHLAR_SEQUENCER_LISTEN", address(0)),
            ("ASHLAR_FARM_LISTEN", address(1)),
            ("ASHLAR_SEQUENCER_CONFIRMATIONS", "0".into()),
            ("ASHLAR_SEQUENCER_POLL_MS", "50".into()),
            // For the user's commands.
            ("ASHLAR_SEQUENCER", format!("http://{}", address(0))),
            ("ASHLAR_FARM", format!("http://{}", address(1))),
            (
                "ASHLAR_ETHEREUM_KEY",
                hex(&ashlar_devnet::DEV_ACCOUNTS[1].secret_key.0),
            ),
        ];
        Self { folder, variables }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ASHLAR_")) {
            command.env_remove(name); // nobody's own settings
        }
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")) // circuits and keys are cached there
            .env("ASHLAR_LOG", "warn")
            .envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())))
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Output of a user's command that must succeed, over the deployment that `up` has made.
    fn said(&self, arguments: &[&str]) -> String {
        let deployment = self.folder.path().join("data/deployment.toml");
        let mut command = self.command(arguments);
        let output = command
            .env("ASHLAR_DEPLOYMENT", deployment)
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A running `ashlar up`; killed if the test fails.
struct Up(Child);

impl Up {
    /// Starts it, and waits until it is ready; gives what it said until then.
    fn start(setting: &Setting) -> (Self, String) {
        let mut command = setting.command(&["up"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut up = Self(child.expect("the binary runs"));
        let lines = BufReader::new(up.0.stdout.take().expect("piped")).lines();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let (start, mut said) = (Instant::now(), String::new());
        while !said.contains("ready:") {
            let left = START_LIMIT.saturating_sub(start.elapsed());
            let line = receiver.recv_timeout(left);
            said += &line.unwrap_or_else(|error| panic!("{error}: `up` said {said}"));
            said.push('\n');
        }
        (up, said)
    }

    /// SIGTERM must end it and all that it has started.
    fn stop(mut self) {
        // Linux tells the children of each thread.
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).expect("it runs");
        let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children"));
        let children: String = threads
            .flatten()
            .map(|thread| of(thread).expect("text"))
            .collect();
        let children: Vec<&str> = children.split_whitespace().collect();
        assert_eq!(children.len(), 2, "farm and sequencer: {children:?}");
        let killed = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("waits") {
                break status;
            }
            assert!(start.elapsed() < STOP_LIMIT, "`up` does not end");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(status.success(), "{status}");
        for child in children {
            assert!(
                !Path::new("/proc").join(child).exists(),
                "process {child} is left"
            );
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn up_deploys_starts_stops_and_goes_on_where_it_was() {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), ashlar_devnet::Config::default())
        .await
        .expect("devnet starts");
    let url = node.url();
    tokio::task::spawn_blocking(move || scenario(&url))
        .await
        .expect("no panic");
    drop(node);
}

fn scenario(l1_rpc: &str) {
    let setting = Setting::new(l1_rpc);
    let (up, said) = Up::start(&setting);
    assert!(said.contains("deploying"), "{said}");
    let status = setting.said(&["status", "--wait-secs", "30"]);
    assert_eq!(status.lines().count(), 3, "{status}");
    let text = setting.said(&["wallet", "deposit", "0.5ETH"]);
    assert!(
        text.contains("executed: account 1"),
        "account 0 is the operator's: {text}"
    );

    // A second one over the same folder would ruin the first.
    let second = setting.run(&["up"]);
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        !second.status.success() && error.contains("another `ashlar up`"),
        "{error}"
    );
    up.stop();

    let file = setting.folder.path().join("data/deployment.toml");
    let deployment = std::fs::read_to_string(&file).expect("written");
    let (up, said) = Up::start(&setting);
    assert!(
        said.contains("as before") && !said.contains("deploying"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&file).expect("kept"), deployment);
    let text = setting.said(&["wallet", "balance"]);
    assert!(text.contains("account   1") && text.contains("0.5 ETH"), "{text}");
    up.stop();

    // `deploy` never overwrites a deployment, and another chain is refused.
    let path = file.display().to_string();
    let again = setting.run(&["deploy", "--deployment", &path]);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        !again.status.success() && error.contains("this rollup is deployed"),
        "{error}"
    );
    let elsewhere = deployment.replacen("rollup = \"0x", "rollup = \"0x00", 1);
    let cut = elsewhere.find("\nverifier = ").expect("the next key");
    let elsewhere = format!("{}\"{}", &elsewhere[..cut - 3], &elsewhere[cut..]);
    std::fs::write(&file, elsewhere).expect("writes");
    let mut refused = setting.command(&["up"]);
    let mut child = refused.stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut error = String::new();
    let stderr = child.stderr.take().expect("piped");
    BufReader::new(stderr).read_to_string(&mut error).expect("text");
    assert!(!child.wait().expect("ends").success());
    assert!(error.contains("has none there"), "{error}");
}

//! Which value wins, and what is refused.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    Sequencer {
        /// How old. And more.
        #[arg(long, default_value_t = 60)]
        max_age_secs: u64,
        #[arg(long)]
        data_dir: PathBuf,
        #[arg(long, default_value = "here")]
        l1_rpc: String,
        #[arg(long)]
        production: bool,
        #[arg(long, env = "ASHLAR_TEST_OPERATOR_KEY")]
        operator_key: Option<String>,
    },
    Deploy {
        #[arg(long, value_delimiter = ',')]
        tokens: Vec<u32>,
        #[arg(long, default_value = "here")]
        l1_rpc: String,
    },
    Up {
        #[arg(long, value_delimiter = ',')]
        l1_rpc: Vec<String>,
    },
}

fn file(text: &str) -> ConfigFile {
    ConfigFile {
        path: "ashlar.toml".into(),
        table: text.parse().expect("TOML"),
    }
}

fn parse(text: &str, arguments: &[&str]) -> Commands {
    let program = apply(Program::command(), Some(&file(text))).expect("known keys");
    let matches = program
        .try_get_matches_from(["ashlar"].iter().chain(arguments))
        .expect("valid");
    Program::from_arg_matches(&matches).expect("complete").command
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let text =
        "[common]\nl1_rpc = 'there'\n[sequencer]\nmax_age_secs = 5\ndata_dir = 'd'\nproduction = true\n";
    let Commands::Sequencer {
        max_age_secs,
        data_dir,
        l1_rpc,
        production,
        operator_key,
    } = parse(text, &["sequencer"])
    else {
        panic!("another command")
    };
    assert_eq!((max_age_secs, l1_rpc.as_str(), production), (5, "there", true));
    assert_eq!((data_dir, operator_key), (PathBuf::from("d"), None));
    let Commands::Sequencer {
        max_age_secs, l1_rpc, ..
    } = parse(
        text,
        &["sequencer", "--max-age-secs", "7", "--l1-rpc", "elsewhere"],
    )
    else {
        panic!("another command")
    };
    assert_eq!((max_age_secs, l1_rpc.as_str()), (7, "elsewhere"));
}

#[test]
fn a_command_s_own_section_goes_before_the_common_one() {
    let text = "[common]\nl1_rpc = 'there'\n[deploy]\nl1_rpc = 'own'\ntokens = [1, 2]\n";
    let Commands::Deploy { tokens, l1_rpc } = parse(text, &["deploy"]) else {
        panic!("another command")
    };
    assert_eq!((tokens, l1_rpc.as_str()), (vec![1, 2], "own"));
}

#[test]
fn a_command_that_takes_one_takes_the_first_of_a_shared_list() {
    let text = "[common]\nl1_rpc = ['one', 'two']\n";
    let Commands::Up { l1_rpc } = parse(text, &["up"]) else {
        panic!("another command")
    };
    assert_eq!(l1_rpc, ["one", "two"]);
    let Commands::Deploy { l1_rpc, .. } = parse(text, &["deploy"]) else {
        panic!("another command")
    };
    assert_eq!(l1_rpc, "one");
    for wrong in ["[common]\nl1_rpc = []\n", "[deploy]\nl1_rpc = ['one']\n"] {
        let error = apply(Program::command(), Some(&file(wrong))).expect_err(wrong);
        assert!(error.to_string().contains("not a single value"), "{error}");
    }
}

#[test]
fn what_no_command_has_is_refused_with_the_nearest() {
    for (text, expected) in [
        (
            "[sequencr]\n",
            "there is no section [sequencr]; the nearest is [sequencer]",
        ),
        (
            "[sequencer]\nmax_age_sec = 1\n",
            "no key `max_age_sec`; the nearest is `max_age_secs`",
        ),
        (
            "[common]\nmax_age_secs = 1\n",
            "[common] has no key `max_age_secs`",
        ),
        (
            "[sequencer]\noperator_key = 'secret'\n",
            "name its file in operator_key_file",
        ),
        ("l1_rpc = 'there'\n", "`l1_rpc` stands in no section"),
        ("[sequencer.max_age_secs]\nx = 1\n", "not a single value"),
    ] {
        let error = apply(Program::command(), Some(&file(text))).expect_err(text);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_check_finds_a_value_that_a_command_would_refuse() {
    let good = file("[sequencer]\nmax_age_secs = 5\n[deploy]\ntokens = [3]\n");
    assert_eq!(good.check(&Program::command()).expect("good"), 2);
    let bad = file("[sequencer]\nmax_age_secs = 'soon'\n");
    let error = bad.check(&Program::command()).expect_err("no number");
    let text = error.to_string();
    assert!(text.contains("[sequencer]") && text.contains("'soon'"), "{text}");
}

#[test]
fn every_setting_has_a_variable() {
    let variables: Vec<_> = settings(&Program::command())
        .into_iter()
        .map(|setting| (setting.key, setting.variable))
        .collect();
    let expected = [
        ("max_age_secs", "ASHLAR_SEQUENCER_MAX_AGE_SECS"),
        ("data_dir", "ASHLAR_SEQUENCER_DATA_DIR"),
        ("l1_rpc", "ASHLAR_L1_RPC"),
        ("production", "ASHLAR_PRODUCTION"),
        ("tokens", "ASHLAR_DEPLOY_TOKENS"),
        ("l1_rpc", "ASHLAR_L1_RPC"),
        ("l1_rpc", "ASHLAR_L1_RPC"),
    ];
    assert!(
        variables
            .iter()
            .map(|(key, variable)| (key.as_str(), variable.as_str()))
            .eq(expected)
    );
}

#[test]
fn the_file_is_named_by_a_flag_anywhere_before_a_double_dash() {
    let named = |arguments: &[&str]| {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        path(&arguments).map(|path| path.map(|path| path.display().to_string()))
    };
    assert_eq!(
        named(&["ashlar", "--config", "a", "up"]).expect("named"),
        Some("a".into())
    );
    assert_eq!(
        named(&["ashlar", "up", "--config=b"]).expect("named"),
        Some("b".into())
    );
    assert_eq!(
        named(&["ashlar", "up", "--", "--config", "c"]).expect("none"),
        None
    );
    named(&["ashlar", "--config"]).expect_err("no file");
}

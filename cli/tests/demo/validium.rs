//! The whole stack with a committee of four processes that keeps the rollup streams.

mod slow {
    use super::super::{alone, check_report, report, run};

    #[test]
    #[ignore = "slow: a demo, a minute"]
    fn a_validium_s_batch_is_proven_and_its_withdrawals_paid() {
        let _alone = alone();
        let folder = tempfile::tempdir().expect("folder");
        let work = folder.path().to_str().expect("UTF-8");
        let arguments = ["demo", "--json", "--transactions", "3", "--devnet", "embedded"];
        let report = report(&run(
            &[&arguments[..], &["--da", "validium", "--work-dir", work]].concat()
        ));
        check_report(&report, 3 + 5 + 1 + 3);
        let keeps = |member: &u8| {
            let kept = format!("da-{member}/000000000000.batch");
            folder.path().join(kept).is_file()
        };
        assert!((1..=4).filter(keeps).count() >= 3, "two thirds of them");
        // The demo has sampled it.
        let has_cells = |member: &u8| {
            let kept = format!("da-{member}/000000000000.cells");
            folder.path().join(kept).is_file()
        };
        assert!((1..=4).filter(has_cells).count() >= 3, "two thirds of them");
    }
}

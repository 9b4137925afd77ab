// SPDX-License-Identifier: MIT

pragma solidity 0.8.19;

contract Halo2Verifier {
    fallback(bytes calldata) external returns (bytes memory) {
        assembly ("memory-safe") {
            // Enforce that Solidity memory layout is respected
            let data := mload(0x40)
            if iszero(eq(data, 0x80)) {
                revert(0, 0)
            }

            let success := true
            let f_p := 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47
            let f_q := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001
            function validate_ec_point(x, y) -> valid {
                {
                    let x_lt_p := lt(x, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    let y_lt_p := lt(y, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    valid := and(x_lt_p, y_lt_p)
                }
                {
                    let y_square := mulmod(y, y, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    let x_square := mulmod(x, x, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    let x_cube := mulmod(x_square, x, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    let x_cube_plus_3 := addmod(x_cube, 3, 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)
                    let is_affine := eq(x_cube_plus_3, y_square)
                    valid := and(valid, is_affine)
                }
            }
            mstore(0xa0, mod(calldataload(0x0), f_q))
mstore(0xc0, mod(calldataload(0x20), f_q))
mstore(0xe0, mod(calldataload(0x40), f_q))
mstore(0x100, mod(calldataload(0x60), f_q))
mstore(0x120, mod(calldataload(0x80), f_q))
mstore(0x140, mod(calldataload(0xa0), f_q))
mstore(0x160, mod(calldataload(0xc0), f_q))
mstore(0x180, mod(calldataload(0xe0), f_q))
mstore(0x80, 3824992493697339546680658303279664042716587348436170710126978983240463149128)

        {
            let x := calldataload(0x100)
            mstore(0x1a0, x)
            let y := calldataload(0x120)
            mstore(0x1c0, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x140)
            mstore(0x1e0, x)
            let y := calldataload(0x160)
            mstore(0x200, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0x220, keccak256(0x80, 416))
{
            let hash := mload(0x220)
            mstore(0x240, mod(hash, f_q))
            mstore(0x260, hash)
        }

        {
            let x := calldataload(0x180)
            mstore(0x280, x)
            let y := calldataload(0x1a0)
            mstore(0x2a0, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x1c0)
            mstore(0x2c0, x)
            let y := calldataload(0x1e0)
            mstore(0x2e0, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0x300, keccak256(0x260, 160))
{
            let hash := mload(0x300)
            mstore(0x320, mod(hash, f_q))
            mstore(0x340, hash)
        }
mstore8(864, 1)
mstore(0x360, keccak256(0x340, 33))
{
            let hash := mload(0x360)
            mstore(0x380, mod(hash, f_q))
            mstore(0x3a0, hash)
        }

        {
            let x := calldataload(0x200)
            mstore(0x3c0, x)
            let y := calldataload(0x220)
            mstore(0x3e0, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x240)
            mstore(0x400, x)
            let y := calldataload(0x260)
            mstore(0x420, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x280)
            mstore(0x440, x)
            let y := calldataload(0x2a0)
            mstore(0x460, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0x480, keccak256(0x3a0, 224))
{
            let hash := mload(0x480)
            mstore(0x4a0, mod(hash, f_q))
            mstore(0x4c0, hash)
        }

        {
            let x := calldataload(0x2c0)
            mstore(0x4e0, x)
            let y := calldataload(0x2e0)
            mstore(0x500, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x300)
            mstore(0x520, x)
            let y := calldataload(0x320)
            mstore(0x540, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x340)
            mstore(0x560, x)
            let y := calldataload(0x360)
            mstore(0x580, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x380)
            mstore(0x5a0, x)
            let y := calldataload(0x3a0)
            mstore(0x5c0, y)
            success := and(validate_ec_point(x, y), success)
        }

        {
            let x := calldataload(0x3c0)
            mstore(0x5e0, x)
            let y := calldataload(0x3e0)
            mstore(0x600, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0x620, keccak256(0x4c0, 352))
{
            let hash := mload(0x620)
            mstore(0x640, mod(hash, f_q))
            mstore(0x660, hash)
        }
mstore(0x680, mod(calldataload(0x400), f_q))
mstore(0x6a0, mod(calldataload(0x420), f_q))
mstore(0x6c0, mod(calldataload(0x440), f_q))
mstore(0x6e0, mod(calldataload(0x460), f_q))
mstore(0x700, mod(calldataload(0x480), f_q))
mstore(0x720, mod(calldataload(0x4a0), f_q))
mstore(0x740, mod(calldataload(0x4c0), f_q))
mstore(0x760, mod(calldataload(0x4e0), f_q))
mstore(0x780, mod(calldataload(0x500), f_q))
mstore(0x7a0, mod(calldataload(0x520), f_q))
mstore(0x7c0, mod(calldataload(0x540), f_q))
mstore(0x7e0, mod(calldataload(0x560), f_q))
mstore(0x800, mod(calldataload(0x580), f_q))
mstore(0x820, mod(calldataload(0x5a0), f_q))
mstore(0x840, mod(calldataload(0x5c0), f_q))
mstore(0x860, keccak256(0x660, 512))
{
            let hash := mload(0x860)
            mstore(0x880, mod(hash, f_q))
            mstore(0x8a0, hash)
        }
mstore8(2240, 1)
mstore(0x8c0, keccak256(0x8a0, 33))
{
            let hash := mload(0x8c0)
            mstore(0x8e0, mod(hash, f_q))
            mstore(0x900, hash)
        }

        {
            let x := calldataload(0x5e0)
            mstore(0x920, x)
            let y := calldataload(0x600)
            mstore(0x940, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0x960, keccak256(0x900, 96))
{
            let hash := mload(0x960)
            mstore(0x980, mod(hash, f_q))
            mstore(0x9a0, hash)
        }

        {
            let x := calldataload(0x620)
            mstore(0x9c0, x)
            let y := calldataload(0x640)
            mstore(0x9e0, y)
            success := and(validate_ec_point(x, y), success)
        }
mstore(0xa00, mulmod(mload(0x640), mload(0x640), f_q))
mstore(0xa20, mulmod(mload(0xa00), mload(0xa00), f_q))
mstore(0xa40, mulmod(mload(0xa20), mload(0xa20), f_q))
mstore(0xa60, mulmod(mload(0xa40), mload(0xa40), f_q))
mstore(0xa80, mulmod(mload(0xa60), mload(0xa60), f_q))
mstore(0xaa0, mulmod(mload(0xa80), mload(0xa80), f_q))
mstore(0xac0, mulmod(mload(0xaa0), mload(0xaa0), f_q))
mstore(0xae0, mulmod(mload(0xac0), mload(0xac0), f_q))
mstore(0xb00, mulmod(mload(0xae0), mload(0xae0), f_q))
mstore(0xb20, addmod(mload(0xb00), 21888242871839275222246405745257275088548364400416034343698204186575808495616, f_q))
mstore(0xb40, mulmod(mload(0xb20), 21845492397480214137827955734036069473141043376196471776620668631523902619649, f_q))
mstore(0xb60, mulmod(mload(0xb40), 11423757818648818765461327411617109120243501240676889555478397529313037714234, f_q))
mstore(0xb80, addmod(mload(0x640), 10464485053190456456785078333640165968304863159739144788219806657262770781383, f_q))
mstore(0xba0, mulmod(mload(0xb40), 18658909205715493985327367002986689246357274798059125448824250603171843521466, f_q))
mstore(0xbc0, addmod(mload(0x640), 3229333666123781236919038742270585842191089602356908894873953583403964974151, f_q))
mstore(0xbe0, mulmod(mload(0xb40), 13677048343952077794467995888380402608453928821079198134318291065290235358859, f_q))
mstore(0xc00, addmod(mload(0x640), 8211194527887197427778409856876872480094435579336836209379913121285573136758, f_q))
mstore(0xc20, mulmod(mload(0xb40), 9936069627611189518829255670237324269287146421271524553312532036927871056678, f_q))
mstore(0xc40, addmod(mload(0x640), 11952173244228085703417150075019950819261217979144509790385672149647937438939, f_q))
mstore(0xc60, mulmod(mload(0xb40), 14158528901797138466244491986759313854666262535363044392173788062030301470987, f_q))
mstore(0xc80, addmod(mload(0x640), 7729713970042136756001913758497961233882101865052989951524416124545507024630, f_q))
mstore(0xca0, mulmod(mload(0xb40), 4260969412351770314333984243767775737437927068151180798236715529158398853173, f_q))
mstore(0xcc0, addmod(mload(0x640), 17627273459487504907912421501489499351110437332264853545461488657417409642444, f_q))
mstore(0xce0, mulmod(mload(0xb40), 1, f_q))
mstore(0xd00, addmod(mload(0x640), 21888242871839275222246405745257275088548364400416034343698204186575808495616, f_q))
mstore(0xd20, mulmod(mload(0xb40), 6252951856119339508807713076978770803512896272623217303779254502899773638908, f_q))
mstore(0xd40, addmod(mload(0x640), 15635291015719935713438692668278504285035468127792817039918949683676034856709, f_q))
mstore(0xd60, mulmod(mload(0xb40), 7393649265675507591155086225434297871937368251641985215568891852805958167681, f_q))
mstore(0xd80, addmod(mload(0x640), 14494593606163767631091319519822977216610996148774049128129312333769850327936, f_q))
mstore(0xda0, mulmod(mload(0xb40), 7274544076708594923658723438209548371461798187263202684844743708658536398896, f_q))
mstore(0xdc0, addmod(mload(0x640), 14613698795130680298587682307047726717086566213152831658853460477917272096721, f_q))
mstore(0xde0, mulmod(mload(0xb40), 18154240498369470423574571952998640420834620155273666494480695920805672807787, f_q))
mstore(0xe00, addmod(mload(0x640), 3734002373469804798671833792258634667713744245142367849217508265770135687830, f_q))
mstore(0xe20, mulmod(mload(0xb40), 15586570050748673699465420638072599785655843846638594232047124335074855808474, f_q))
mstore(0xe40, addmod(mload(0x640), 6301672821090601522780985107184675302892520553777440111651079851500952687143, f_q))
mstore(0xe60, mulmod(mload(0xb40), 11155988749590188555567104370587191404739761262261394640056258000903015121241, f_q))
mstore(0xe80, addmod(mload(0x640), 10732254122249086666679301374670083683808603138154639703641946185672793374376, f_q))
mstore(0xea0, mulmod(mload(0xb40), 19543886719486638096056565833035521713679728289134060523983663491799551007314, f_q))
mstore(0xec0, addmod(mload(0x640), 2344356152352637126189839912221753374868636111281973819714540694776257488303, f_q))
{
            let prod := mload(0xb80)

                prod := mulmod(mload(0xbc0), prod, f_q)
                mstore(0xee0, prod)

                prod := mulmod(mload(0xc00), prod, f_q)
                mstore(0xf00, prod)

                prod := mulmod(mload(0xc40), prod, f_q)
                mstore(0xf20, prod)

                prod := mulmod(mload(0xc80), prod, f_q)
                mstore(0xf40, prod)

                prod := mulmod(mload(0xcc0), prod, f_q)
                mstore(0xf60, prod)

                prod := mulmod(mload(0xd00), prod, f_q)
                mstore(0xf80, prod)

                prod := mulmod(mload(0xd40), prod, f_q)
                mstore(0xfa0, prod)

                prod := mulmod(mload(0xd80), prod, f_q)
                mstore(0xfc0, prod)

                prod := mulmod(mload(0xdc0), prod, f_q)
                mstore(0xfe0, prod)

                prod := mulmod(mload(0xe00), prod, f_q)
                mstore(0x1000, prod)

                prod := mulmod(mload(0xe40), prod, f_q)
                mstore(0x1020, prod)

                prod := mulmod(mload(0xe80), prod, f_q)
                mstore(0x1040, prod)

                prod := mulmod(mload(0xec0), prod, f_q)
                mstore(0x1060, prod)

                prod := mulmod(mload(0xb20), prod, f_q)
                mstore(0x1080, prod)

        }
mstore(0x10c0, 32)
mstore(0x10e0, 32)
mstore(0x1100, 32)
mstore(0x1120, mload(0x1080))
mstore(0x1140, 21888242871839275222246405745257275088548364400416034343698204186575808495615)
mstore(0x1160, 21888242871839275222246405745257275088548364400416034343698204186575808495617)
success := and(eq(staticcall(gas(), 0x5, 0x10c0, 0xc0, 0x10a0, 0x20), 1), success)
{

            let inv := mload(0x10a0)
            let v

                    v := mload(0xb20)
                    mstore(2848, mulmod(mload(0x1060), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xec0)
                    mstore(3776, mulmod(mload(0x1040), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xe80)
                    mstore(3712, mulmod(mload(0x1020), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xe40)
                    mstore(3648, mulmod(mload(0x1000), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xe00)
                    mstore(3584, mulmod(mload(0xfe0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xdc0)
                    mstore(3520, mulmod(mload(0xfc0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xd80)
                    mstore(3456, mulmod(mload(0xfa0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xd40)
                    mstore(3392, mulmod(mload(0xf80), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xd00)
                    mstore(3328, mulmod(mload(0xf60), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xcc0)
                    mstore(3264, mulmod(mload(0xf40), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xc80)
                    mstore(3200, mulmod(mload(0xf20), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xc40)
                    mstore(3136, mulmod(mload(0xf00), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xc00)
                    mstore(3072, mulmod(mload(0xee0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0xbc0)
                    mstore(3008, mulmod(mload(0xb80), inv, f_q))
                    inv := mulmod(v, inv, f_q)
                mstore(0xb80, inv)

        }
mstore(0x1180, mulmod(mload(0xb60), mload(0xb80), f_q))
mstore(0x11a0, mulmod(mload(0xba0), mload(0xbc0), f_q))
mstore(0x11c0, mulmod(mload(0xbe0), mload(0xc00), f_q))
mstore(0x11e0, mulmod(mload(0xc20), mload(0xc40), f_q))
mstore(0x1200, mulmod(mload(0xc60), mload(0xc80), f_q))
mstore(0x1220, mulmod(mload(0xca0), mload(0xcc0), f_q))
mstore(0x1240, mulmod(mload(0xce0), mload(0xd00), f_q))
mstore(0x1260, mulmod(mload(0xd20), mload(0xd40), f_q))
mstore(0x1280, mulmod(mload(0xd60), mload(0xd80), f_q))
mstore(0x12a0, mulmod(mload(0xda0), mload(0xdc0), f_q))
mstore(0x12c0, mulmod(mload(0xde0), mload(0xe00), f_q))
mstore(0x12e0, mulmod(mload(0xe20), mload(0xe40), f_q))
mstore(0x1300, mulmod(mload(0xe60), mload(0xe80), f_q))
mstore(0x1320, mulmod(mload(0xea0), mload(0xec0), f_q))
{
            let result := mulmod(mload(0x1240), mload(0xa0), f_q)
result := addmod(mulmod(mload(0x1260), mload(0xc0), f_q), result, f_q)
result := addmod(mulmod(mload(0x1280), mload(0xe0), f_q), result, f_q)
result := addmod(mulmod(mload(0x12a0), mload(0x100), f_q), result, f_q)
result := addmod(mulmod(mload(0x12c0), mload(0x120), f_q), result, f_q)
result := addmod(mulmod(mload(0x12e0), mload(0x140), f_q), result, f_q)
result := addmod(mulmod(mload(0x1300), mload(0x160), f_q), result, f_q)
result := addmod(mulmod(mload(0x1320), mload(0x180), f_q), result, f_q)
mstore(4928, result)
        }
mstore(0x1360, mulmod(mload(0x6a0), mload(0x6a0), f_q))
mstore(0x1380, mulmod(mload(0x1360), mload(0x1360), f_q))
mstore(0x13a0, mulmod(mload(0x6a0), mload(0x1380), f_q))
mstore(0x13c0, addmod(mload(0x13a0), mload(0x6c0), f_q))
mstore(0x13e0, addmod(mload(0x13c0), sub(f_q, mload(0x680)), f_q))
mstore(0x1400, mulmod(mload(0x13e0), mload(0x700), f_q))
mstore(0x1420, mulmod(mload(0x4a0), mload(0x1400), f_q))
mstore(0x1440, addmod(1, sub(f_q, mload(0x780)), f_q))
mstore(0x1460, mulmod(mload(0x1440), mload(0x1240), f_q))
mstore(0x1480, addmod(mload(0x1420), mload(0x1460), f_q))
mstore(0x14a0, mulmod(mload(0x4a0), mload(0x1480), f_q))
mstore(0x14c0, mulmod(mload(0x780), mload(0x780), f_q))
mstore(0x14e0, addmod(mload(0x14c0), sub(f_q, mload(0x780)), f_q))
mstore(0x1500, mulmod(mload(0x14e0), mload(0x1180), f_q))
mstore(0x1520, addmod(mload(0x14a0), mload(0x1500), f_q))
mstore(0x1540, mulmod(mload(0x4a0), mload(0x1520), f_q))
mstore(0x1560, addmod(1, sub(f_q, mload(0x1180)), f_q))
mstore(0x1580, addmod(mload(0x11a0), mload(0x11c0), f_q))
mstore(0x15a0, addmod(mload(0x1580), mload(0x11e0), f_q))
mstore(0x15c0, addmod(mload(0x15a0), mload(0x1200), f_q))
mstore(0x15e0, addmod(mload(0x15c0), mload(0x1220), f_q))
mstore(0x1600, addmod(mload(0x1560), sub(f_q, mload(0x15e0)), f_q))
mstore(0x1620, mulmod(mload(0x740), mload(0x320), f_q))
mstore(0x1640, addmod(mload(0x680), mload(0x1620), f_q))
mstore(0x1660, addmod(mload(0x1640), mload(0x380), f_q))
mstore(0x1680, mulmod(mload(0x760), mload(0x320), f_q))
mstore(0x16a0, addmod(mload(0x1340), mload(0x1680), f_q))
mstore(0x16c0, addmod(mload(0x16a0), mload(0x380), f_q))
mstore(0x16e0, mulmod(mload(0x16c0), mload(0x1660), f_q))
mstore(0x1700, mulmod(mload(0x16e0), mload(0x7a0), f_q))
mstore(0x1720, mulmod(1, mload(0x320), f_q))
mstore(0x1740, mulmod(mload(0x640), mload(0x1720), f_q))
mstore(0x1760, addmod(mload(0x680), mload(0x1740), f_q))
mstore(0x1780, addmod(mload(0x1760), mload(0x380), f_q))
mstore(0x17a0, mulmod(4131629893567559867359510883348571134090853742863529169391034518566172092834, mload(0x320), f_q))
mstore(0x17c0, mulmod(mload(0x640), mload(0x17a0), f_q))
mstore(0x17e0, addmod(mload(0x1340), mload(0x17c0), f_q))
mstore(0x1800, addmod(mload(0x17e0), mload(0x380), f_q))
mstore(0x1820, mulmod(mload(0x1800), mload(0x1780), f_q))
mstore(0x1840, mulmod(mload(0x1820), mload(0x780), f_q))
mstore(0x1860, addmod(mload(0x1700), sub(f_q, mload(0x1840)), f_q))
mstore(0x1880, mulmod(mload(0x1860), mload(0x1600), f_q))
mstore(0x18a0, addmod(mload(0x1540), mload(0x1880), f_q))
mstore(0x18c0, mulmod(mload(0x4a0), mload(0x18a0), f_q))
mstore(0x18e0, addmod(1, sub(f_q, mload(0x7c0)), f_q))
mstore(0x1900, mulmod(mload(0x18e0), mload(0x1240), f_q))
mstore(0x1920, addmod(mload(0x18c0), mload(0x1900), f_q))
mstore(0x1940, mulmod(mload(0x4a0), mload(0x1920), f_q))
mstore(0x1960, mulmod(mload(0x7c0), mload(0x7c0), f_q))
mstore(0x1980, addmod(mload(0x1960), sub(f_q, mload(0x7c0)), f_q))
mstore(0x19a0, mulmod(mload(0x1980), mload(0x1180), f_q))
mstore(0x19c0, addmod(mload(0x1940), mload(0x19a0), f_q))
mstore(0x19e0, mulmod(mload(0x4a0), mload(0x19c0), f_q))
mstore(0x1a00, addmod(mload(0x800), mload(0x320), f_q))
mstore(0x1a20, mulmod(mload(0x1a00), mload(0x7e0), f_q))
mstore(0x1a40, addmod(mload(0x840), mload(0x380), f_q))
mstore(0x1a60, mulmod(mload(0x1a40), mload(0x1a20), f_q))
mstore(0x1a80, mulmod(mload(0x6a0), mload(0x700), f_q))
mstore(0x1aa0, addmod(mload(0x1a80), mload(0x320), f_q))
mstore(0x1ac0, mulmod(mload(0x1aa0), mload(0x7c0), f_q))
mstore(0x1ae0, addmod(mload(0x6e0), mload(0x380), f_q))
mstore(0x1b00, mulmod(mload(0x1ae0), mload(0x1ac0), f_q))
mstore(0x1b20, addmod(mload(0x1a60), sub(f_q, mload(0x1b00)), f_q))
mstore(0x1b40, mulmod(mload(0x1b20), mload(0x1600), f_q))
mstore(0x1b60, addmod(mload(0x19e0), mload(0x1b40), f_q))
mstore(0x1b80, mulmod(mload(0x4a0), mload(0x1b60), f_q))
mstore(0x1ba0, addmod(mload(0x800), sub(f_q, mload(0x840)), f_q))
mstore(0x1bc0, mulmod(mload(0x1ba0), mload(0x1240), f_q))
mstore(0x1be0, addmod(mload(0x1b80), mload(0x1bc0), f_q))
mstore(0x1c00, mulmod(mload(0x4a0), mload(0x1be0), f_q))
mstore(0x1c20, mulmod(mload(0x1ba0), mload(0x1600), f_q))
mstore(0x1c40, addmod(mload(0x800), sub(f_q, mload(0x820)), f_q))
mstore(0x1c60, mulmod(mload(0x1c40), mload(0x1c20), f_q))
mstore(0x1c80, addmod(mload(0x1c00), mload(0x1c60), f_q))
mstore(0x1ca0, mulmod(mload(0xb00), mload(0xb00), f_q))
mstore(0x1cc0, mulmod(mload(0x1ca0), mload(0xb00), f_q))
mstore(0x1ce0, mulmod(mload(0x1cc0), mload(0xb00), f_q))
mstore(0x1d00, mulmod(mload(0x1ce0), mload(0xb00), f_q))
mstore(0x1d20, mulmod(1, mload(0xb00), f_q))
mstore(0x1d40, mulmod(1, mload(0x1ca0), f_q))
mstore(0x1d60, mulmod(1, mload(0x1cc0), f_q))
mstore(0x1d80, mulmod(1, mload(0x1ce0), f_q))
mstore(0x1da0, mulmod(mload(0x1c80), mload(0xb20), f_q))
mstore(0x1dc0, mulmod(mload(0x640), 4260969412351770314333984243767775737437927068151180798236715529158398853173, f_q))
mstore(0x1de0, addmod(mload(0x980), sub(f_q, mload(0x1dc0)), f_q))
mstore(0x1e00, mulmod(mload(0x640), 1, f_q))
mstore(0x1e20, addmod(mload(0x980), sub(f_q, mload(0x1e00)), f_q))
mstore(0x1e40, mulmod(mload(0x640), 6252951856119339508807713076978770803512896272623217303779254502899773638908, f_q))
mstore(0x1e60, addmod(mload(0x980), sub(f_q, mload(0x1e40)), f_q))
{
            let result := mulmod(mload(0x980), 1, f_q)
result := addmod(mulmod(mload(0x640), 21888242871839275222246405745257275088548364400416034343698204186575808495616, f_q), result, f_q)
mstore(7808, result)
        }
mstore(0x1ea0, mulmod(1, mload(0x1e20), f_q))
mstore(0x1ec0, mulmod(15635291015719935713438692668278504285035468127792817039918949683676034856710, mload(0x640), f_q))
mstore(0x1ee0, mulmod(mload(0x1ec0), 1, f_q))
{
            let result := mulmod(mload(0x980), mload(0x1ec0), f_q)
result := addmod(mulmod(mload(0x640), sub(f_q, mload(0x1ee0)), f_q), result, f_q)
mstore(7936, result)
        }
mstore(0x1f20, mulmod(6252951856119339508807713076978770803512896272623217303779254502899773638907, mload(0x640), f_q))
mstore(0x1f40, mulmod(mload(0x1f20), 6252951856119339508807713076978770803512896272623217303779254502899773638908, f_q))
{
            let result := mulmod(mload(0x980), mload(0x1f20), f_q)
result := addmod(mulmod(mload(0x640), sub(f_q, mload(0x1f40)), f_q), result, f_q)
mstore(8032, result)
        }
mstore(0x1f80, mulmod(mload(0x1ea0), mload(0x1e60), f_q))
mstore(0x1fa0, mulmod(17627273459487504907912421501489499351110437332264853545461488657417409642445, mload(0x640), f_q))
mstore(0x1fc0, mulmod(mload(0x1fa0), 1, f_q))
{
            let result := mulmod(mload(0x980), mload(0x1fa0), f_q)
result := addmod(mulmod(mload(0x640), sub(f_q, mload(0x1fc0)), f_q), result, f_q)
mstore(8160, result)
        }
mstore(0x2000, mulmod(4260969412351770314333984243767775737437927068151180798236715529158398853172, mload(0x640), f_q))
mstore(0x2020, mulmod(mload(0x2000), 4260969412351770314333984243767775737437927068151180798236715529158398853173, f_q))
{
            let result := mulmod(mload(0x980), mload(0x2000), f_q)
result := addmod(mulmod(mload(0x640), sub(f_q, mload(0x2020)), f_q), result, f_q)
mstore(8256, result)
        }
mstore(0x2060, mulmod(mload(0x1ea0), mload(0x1de0), f_q))
{
            let prod := mload(0x1e80)

                prod := mulmod(mload(0x1f00), prod, f_q)
                mstore(0x2080, prod)

                prod := mulmod(mload(0x1f60), prod, f_q)
                mstore(0x20a0, prod)

                prod := mulmod(mload(0x1f80), prod, f_q)
                mstore(0x20c0, prod)

                prod := mulmod(mload(0x1fe0), prod, f_q)
                mstore(0x20e0, prod)

                prod := mulmod(mload(0x2040), prod, f_q)
                mstore(0x2100, prod)

                prod := mulmod(mload(0x2060), prod, f_q)
                mstore(0x2120, prod)

        }
mstore(0x2160, 32)
mstore(0x2180, 32)
mstore(0x21a0, 32)
mstore(0x21c0, mload(0x2120))
mstore(0x21e0, 21888242871839275222246405745257275088548364400416034343698204186575808495615)
mstore(0x2200, 21888242871839275222246405745257275088548364400416034343698204186575808495617)
success := and(eq(staticcall(gas(), 0x5, 0x2160, 0xc0, 0x2140, 0x20), 1), success)
{

            let inv := mload(0x2140)
            let v

                    v := mload(0x2060)
                    mstore(8288, mulmod(mload(0x2100), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x2040)
                    mstore(8256, mulmod(mload(0x20e0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x1fe0)
                    mstore(8160, mulmod(mload(0x20c0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x1f80)
                    mstore(8064, mulmod(mload(0x20a0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x1f60)
                    mstore(8032, mulmod(mload(0x2080), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x1f00)
                    mstore(7936, mulmod(mload(0x1e80), inv, f_q))
                    inv := mulmod(v, inv, f_q)
                mstore(0x1e80, inv)

        }
{
            let result := mload(0x1e80)
mstore(8736, result)
        }
mstore(0x2240, mulmod(mload(0x1ea0), mload(0x1f80), f_q))
{
            let result := mload(0x1f00)
result := addmod(mload(0x1f60), result, f_q)
mstore(8800, result)
        }
mstore(0x2280, mulmod(mload(0x1ea0), mload(0x2060), f_q))
{
            let result := mload(0x1fe0)
result := addmod(mload(0x2040), result, f_q)
mstore(8864, result)
        }
{
            let prod := mload(0x2220)

                prod := mulmod(mload(0x2260), prod, f_q)
                mstore(0x22c0, prod)

                prod := mulmod(mload(0x22a0), prod, f_q)
                mstore(0x22e0, prod)

        }
mstore(0x2320, 32)
mstore(0x2340, 32)
mstore(0x2360, 32)
mstore(0x2380, mload(0x22e0))
mstore(0x23a0, 21888242871839275222246405745257275088548364400416034343698204186575808495615)
mstore(0x23c0, 21888242871839275222246405745257275088548364400416034343698204186575808495617)
success := and(eq(staticcall(gas(), 0x5, 0x2320, 0xc0, 0x2300, 0x20), 1), success)
{

            let inv := mload(0x2300)
            let v

                    v := mload(0x22a0)
                    mstore(8864, mulmod(mload(0x22c0), inv, f_q))
                    inv := mulmod(v, inv, f_q)

                    v := mload(0x2260)
                    mstore(8800, mulmod(mload(0x2220), inv, f_q))
                    inv := mulmod(v, inv, f_q)
                mstore(0x2220, inv)

        }
mstore(0x23e0, mulmod(mload(0x2240), mload(0x2260), f_q))
mstore(0x2400, mulmod(mload(0x2280), mload(0x22a0), f_q))
mstore(0x2420, mulmod(mload(0x880), mload(0x880), f_q))
mstore(0x2440, mulmod(mload(0x2420), mload(0x880), f_q))
mstore(0x2460, mulmod(mload(0x2440), mload(0x880), f_q))
mstore(0x2480, mulmod(mload(0x2460), mload(0x880), f_q))
mstore(0x24a0, mulmod(mload(0x2480), mload(0x880), f_q))
mstore(0x24c0, mulmod(mload(0x24a0), mload(0x880), f_q))
mstore(0x24e0, mulmod(mload(0x24c0), mload(0x880), f_q))
mstore(0x2500, mulmod(mload(0x24e0), mload(0x880), f_q))
mstore(0x2520, mulmod(mload(0x2500), mload(0x880), f_q))
mstore(0x2540, mulmod(mload(0x8e0), mload(0x8e0), f_q))
mstore(0x2560, mulmod(mload(0x2540), mload(0x8e0), f_q))
{
            let result := mulmod(mload(0x680), mload(0x1e80), f_q)
mstore(9600, result)
        }
mstore(0x25a0, mulmod(mload(0x2580), mload(0x2220), f_q))
mstore(0x25c0, mulmod(sub(f_q, mload(0x25a0)), 1, f_q))
{
            let result := mulmod(mload(0x6a0), mload(0x1e80), f_q)
mstore(9696, result)
        }
mstore(0x2600, mulmod(mload(0x25e0), mload(0x2220), f_q))
mstore(0x2620, mulmod(sub(f_q, mload(0x2600)), mload(0x880), f_q))
mstore(0x2640, mulmod(1, mload(0x880), f_q))
mstore(0x2660, addmod(mload(0x25c0), mload(0x2620), f_q))
{
            let result := mulmod(mload(0x840), mload(0x1e80), f_q)
mstore(9856, result)
        }
mstore(0x26a0, mulmod(mload(0x2680), mload(0x2220), f_q))
mstore(0x26c0, mulmod(sub(f_q, mload(0x26a0)), mload(0x2420), f_q))
mstore(0x26e0, mulmod(1, mload(0x2420), f_q))
mstore(0x2700, addmod(mload(0x2660), mload(0x26c0), f_q))
{
            let result := mulmod(mload(0x6c0), mload(0x1e80), f_q)
mstore(10016, result)
        }
mstore(0x2740, mulmod(mload(0x2720), mload(0x2220), f_q))
mstore(0x2760, mulmod(sub(f_q, mload(0x2740)), mload(0x2440), f_q))
mstore(0x2780, mulmod(1, mload(0x2440), f_q))
mstore(0x27a0, addmod(mload(0x2700), mload(0x2760), f_q))
{
            let result := mulmod(mload(0x6e0), mload(0x1e80), f_q)
mstore(10176, result)
        }
mstore(0x27e0, mulmod(mload(0x27c0), mload(0x2220), f_q))
mstore(0x2800, mulmod(sub(f_q, mload(0x27e0)), mload(0x2460), f_q))
mstore(0x2820, mulmod(1, mload(0x2460), f_q))
mstore(0x2840, addmod(mload(0x27a0), mload(0x2800), f_q))
{
            let result := mulmod(mload(0x700), mload(0x1e80), f_q)
mstore(10336, result)
        }
mstore(0x2880, mulmod(mload(0x2860), mload(0x2220), f_q))
mstore(0x28a0, mulmod(sub(f_q, mload(0x2880)), mload(0x2480), f_q))
mstore(0x28c0, mulmod(1, mload(0x2480), f_q))
mstore(0x28e0, addmod(mload(0x2840), mload(0x28a0), f_q))
{
            let result := mulmod(mload(0x740), mload(0x1e80), f_q)
mstore(10496, result)
        }
mstore(0x2920, mulmod(mload(0x2900), mload(0x2220), f_q))
mstore(0x2940, mulmod(sub(f_q, mload(0x2920)), mload(0x24a0), f_q))
mstore(0x2960, mulmod(1, mload(0x24a0), f_q))
mstore(0x2980, addmod(mload(0x28e0), mload(0x2940), f_q))
{
            let result := mulmod(mload(0x760), mload(0x1e80), f_q)
mstore(10656, result)
        }
mstore(0x29c0, mulmod(mload(0x29a0), mload(0x2220), f_q))
mstore(0x29e0, mulmod(sub(f_q, mload(0x29c0)), mload(0x24c0), f_q))
mstore(0x2a00, mulmod(1, mload(0x24c0), f_q))
mstore(0x2a20, addmod(mload(0x2980), mload(0x29e0), f_q))
{
            let result := mulmod(mload(0x1da0), mload(0x1e80), f_q)
mstore(10816, result)
        }
mstore(0x2a60, mulmod(mload(0x2a40), mload(0x2220), f_q))
mstore(0x2a80, mulmod(sub(f_q, mload(0x2a60)), mload(0x24e0), f_q))
mstore(0x2aa0, mulmod(1, mload(0x24e0), f_q))
mstore(0x2ac0, mulmod(mload(0x1d20), mload(0x24e0), f_q))
mstore(0x2ae0, mulmod(mload(0x1d40), mload(0x24e0), f_q))
mstore(0x2b00, mulmod(mload(0x1d60), mload(0x24e0), f_q))
mstore(0x2b20, mulmod(mload(0x1d80), mload(0x24e0), f_q))
mstore(0x2b40, addmod(mload(0x2a20), mload(0x2a80), f_q))
{
            let result := mulmod(mload(0x720), mload(0x1e80), f_q)
mstore(11104, result)
        }
mstore(0x2b80, mulmod(mload(0x2b60), mload(0x2220), f_q))
mstore(0x2ba0, mulmod(sub(f_q, mload(0x2b80)), mload(0x2500), f_q))
mstore(0x2bc0, mulmod(1, mload(0x2500), f_q))
mstore(0x2be0, addmod(mload(0x2b40), mload(0x2ba0), f_q))
mstore(0x2c00, mulmod(mload(0x2be0), 1, f_q))
mstore(0x2c20, mulmod(mload(0x2640), 1, f_q))
mstore(0x2c40, mulmod(mload(0x26e0), 1, f_q))
mstore(0x2c60, mulmod(mload(0x2780), 1, f_q))
mstore(0x2c80, mulmod(mload(0x2820), 1, f_q))
mstore(0x2ca0, mulmod(mload(0x28c0), 1, f_q))
mstore(0x2cc0, mulmod(mload(0x2960), 1, f_q))
mstore(0x2ce0, mulmod(mload(0x2a00), 1, f_q))
mstore(0x2d00, mulmod(mload(0x2aa0), 1, f_q))
mstore(0x2d20, mulmod(mload(0x2ac0), 1, f_q))
mstore(0x2d40, mulmod(mload(0x2ae0), 1, f_q))
mstore(0x2d60, mulmod(mload(0x2b00), 1, f_q))
mstore(0x2d80, mulmod(mload(0x2b20), 1, f_q))
mstore(0x2da0, mulmod(mload(0x2bc0), 1, f_q))
mstore(0x2dc0, mulmod(1, mload(0x2240), f_q))
{
            let result := mulmod(mload(0x780), mload(0x1f00), f_q)
result := addmod(mulmod(mload(0x7a0), mload(0x1f60), f_q), result, f_q)
mstore(11744, result)
        }
mstore(0x2e00, mulmod(mload(0x2de0), mload(0x23e0), f_q))
mstore(0x2e20, mulmod(sub(f_q, mload(0x2e00)), 1, f_q))
mstore(0x2e40, mulmod(mload(0x2dc0), 1, f_q))
{
            let result := mulmod(mload(0x7c0), mload(0x1f00), f_q)
result := addmod(mulmod(mload(0x7e0), mload(0x1f60), f_q), result, f_q)
mstore(11872, result)
        }
mstore(0x2e80, mulmod(mload(0x2e60), mload(0x23e0), f_q))
mstore(0x2ea0, mulmod(sub(f_q, mload(0x2e80)), mload(0x880), f_q))
mstore(0x2ec0, mulmod(mload(0x2dc0), mload(0x880), f_q))
mstore(0x2ee0, addmod(mload(0x2e20), mload(0x2ea0), f_q))
mstore(0x2f00, mulmod(mload(0x2ee0), mload(0x8e0), f_q))
mstore(0x2f20, mulmod(mload(0x2e40), mload(0x8e0), f_q))
mstore(0x2f40, mulmod(mload(0x2ec0), mload(0x8e0), f_q))
mstore(0x2f60, addmod(mload(0x2c00), mload(0x2f00), f_q))
mstore(0x2f80, mulmod(1, mload(0x2280), f_q))
{
            let result := mulmod(mload(0x800), mload(0x1fe0), f_q)
result := addmod(mulmod(mload(0x820), mload(0x2040), f_q), result, f_q)
mstore(12192, result)
        }
mstore(0x2fc0, mulmod(mload(0x2fa0), mload(0x2400), f_q))
mstore(0x2fe0, mulmod(sub(f_q, mload(0x2fc0)), 1, f_q))
mstore(0x3000, mulmod(mload(0x2f80), 1, f_q))
mstore(0x3020, mulmod(mload(0x2fe0), mload(0x2540), f_q))
mstore(0x3040, mulmod(mload(0x3000), mload(0x2540), f_q))
mstore(0x3060, addmod(mload(0x2f60), mload(0x3020), f_q))
mstore(0x3080, mulmod(1, mload(0x1ea0), f_q))
mstore(0x30a0, mulmod(1, mload(0x980), f_q))
mstore(0x30c0, 0x0000000000000000000000000000000000000000000000000000000000000001)
                    mstore(0x30e0, 0x0000000000000000000000000000000000000000000000000000000000000002)
mstore(0x3100, mload(0x3060))
success := and(eq(staticcall(gas(), 0x7, 0x30c0, 0x60, 0x30c0, 0x40), 1), success)
mstore(0x3120, mload(0x30c0))
                    mstore(0x3140, mload(0x30e0))
mstore(0x3160, mload(0x1e0))
                    mstore(0x3180, mload(0x200))
success := and(eq(staticcall(gas(), 0x6, 0x3120, 0x80, 0x3120, 0x40), 1), success)
mstore(0x31a0, mload(0x1a0))
                    mstore(0x31c0, mload(0x1c0))
mstore(0x31e0, mload(0x2c20))
success := and(eq(staticcall(gas(), 0x7, 0x31a0, 0x60, 0x31a0, 0x40), 1), success)
mstore(0x3200, mload(0x3120))
                    mstore(0x3220, mload(0x3140))
mstore(0x3240, mload(0x31a0))
                    mstore(0x3260, mload(0x31c0))
success := and(eq(staticcall(gas(), 0x6, 0x3200, 0x80, 0x3200, 0x40), 1), success)
mstore(0x3280, mload(0x2c0))
                    mstore(0x32a0, mload(0x2e0))
mstore(0x32c0, mload(0x2c40))
success := and(eq(staticcall(gas(), 0x7, 0x3280, 0x60, 0x3280, 0x40), 1), success)
mstore(0x32e0, mload(0x3200))
                    mstore(0x3300, mload(0x3220))
mstore(0x3320, mload(0x3280))
                    mstore(0x3340, mload(0x32a0))
success := and(eq(staticcall(gas(), 0x6, 0x32e0, 0x80, 0x32e0, 0x40), 1), success)
mstore(0x3360, 0x0000000000000000000000000000000000000000000000000000000000000000)
                    mstore(0x3380, 0x0000000000000000000000000000000000000000000000000000000000000000)
mstore(0x33a0, mload(0x2c60))
success := and(eq(staticcall(gas(), 0x7, 0x3360, 0x60, 0x3360, 0x40), 1), success)
mstore(0x33c0, mload(0x32e0))
                    mstore(0x33e0, mload(0x3300))
mstore(0x3400, mload(0x3360))
                    mstore(0x3420, mload(0x3380))
success := and(eq(staticcall(gas(), 0x6, 0x33c0, 0x80, 0x33c0, 0x40), 1), success)
mstore(0x3440, 0x1e09030987f660e9f45f525d21230387ae0f59d05e110096fbd81031a30b9bc4)
                    mstore(0x3460, 0x048419fb8cd25a3164757d571ddbafea7c9fe1879ff8fb9ab3697759c45d24d3)
mstore(0x3480, mload(0x2c80))
success := and(eq(staticcall(gas(), 0x7, 0x3440, 0x60, 0x3440, 0x40), 1), success)
mstore(0x34a0, mload(0x33c0))
                    mstore(0x34c0, mload(0x33e0))
mstore(0x34e0, mload(0x3440))
                    mstore(0x3500, mload(0x3460))
success := and(eq(staticcall(gas(), 0x6, 0x34a0, 0x80, 0x34a0, 0x40), 1), success)
mstore(0x3520, 0x161c32956bbf113f1aaade8700c3ba23f6f08e7bf25c472e9131ce98c5e16abb)
                    mstore(0x3540, 0x3006deb6308607c0f587a493fad63ae41c6c74b2f47b42423c24e00cf2050a54)
mstore(0x3560, mload(0x2ca0))
success := and(eq(staticcall(gas(), 0x7, 0x3520, 0x60, 0x3520, 0x40), 1), success)
mstore(0x3580, mload(0x34a0))
                    mstore(0x35a0, mload(0x34c0))
mstore(0x35c0, mload(0x3520))
                    mstore(0x35e0, mload(0x3540))
success := and(eq(staticcall(gas(), 0x6, 0x3580, 0x80, 0x3580, 0x40), 1), success)
mstore(0x3600, 0x1a63c6b1f686884c3b1b3a28ee67765862915b3c8664a40d31288bff32199dc9)
                    mstore(0x3620, 0x2458c49303a02ff37a9e75d0f627863a554d4cc66edf4d0416b4b96c498190b4)
mstore(0x3640, mload(0x2cc0))
success := and(eq(staticcall(gas(), 0x7, 0x3600, 0x60, 0x3600, 0x40), 1), success)
mstore(0x3660, mload(0x3580))
                    mstore(0x3680, mload(0x35a0))
mstore(0x36a0, mload(0x3600))
                    mstore(0x36c0, mload(0x3620))
success := and(eq(staticcall(gas(), 0x6, 0x3660, 0x80, 0x3660, 0x40), 1), success)
mstore(0x36e0, 0x29b30e34e9763d967dd08d843f595abbe8391e775fdceed83926b66f195b0f78)
                    mstore(0x3700, 0x1406ba6d8a390d97be8be60dd7105e7ef40d00a7f753f338b5df2aaa9a00d4e0)
mstore(0x3720, mload(0x2ce0))
success := and(eq(staticcall(gas(), 0x7, 0x36e0, 0x60, 0x36e0, 0x40), 1), success)
mstore(0x3740, mload(0x3660))
                    mstore(0x3760, mload(0x3680))
mstore(0x3780, mload(0x36e0))
                    mstore(0x37a0, mload(0x3700))
success := and(eq(staticcall(gas(), 0x6, 0x3740, 0x80, 0x3740, 0x40), 1), success)
mstore(0x37c0, mload(0x4e0))
                    mstore(0x37e0, mload(0x500))
mstore(0x3800, mload(0x2d00))
success := and(eq(staticcall(gas(), 0x7, 0x37c0, 0x60, 0x37c0, 0x40), 1), success)
mstore(0x3820, mload(0x3740))
                    mstore(0x3840, mload(0x3760))
mstore(0x3860, mload(0x37c0))
                    mstore(0x3880, mload(0x37e0))
success := and(eq(staticcall(gas(), 0x6, 0x3820, 0x80, 0x3820, 0x40), 1), success)
mstore(0x38a0, mload(0x520))
                    mstore(0x38c0, mload(0x540))
mstore(0x38e0, mload(0x2d20))
success := and(eq(staticcall(gas(), 0x7, 0x38a0, 0x60, 0x38a0, 0x40), 1), success)
mstore(0x3900, mload(0x3820))
                    mstore(0x3920, mload(0x3840))
mstore(0x3940, mload(0x38a0))
                    mstore(0x3960, mload(0x38c0))
success := and(eq(staticcall(gas(), 0x6, 0x3900, 0x80, 0x3900, 0x40), 1), success)
mstore(0x3980, mload(0x560))
                    mstore(0x39a0, mload(0x580))
mstore(0x39c0, mload(0x2d40))
success := and(eq(staticcall(gas(), 0x7, 0x3980, 0x60, 0x3980, 0x40), 1), success)
mstore(0x39e0, mload(0x3900))
                    mstore(0x3a00, mload(0x3920))
mstore(0x3a20, mload(0x3980))
                    mstore(0x3a40, mload(0x39a0))
success := and(eq(staticcall(gas(), 0x6, 0x39e0, 0x80, 0x39e0, 0x40), 1), success)
mstore(0x3a60, mload(0x5a0))
                    mstore(0x3a80, mload(0x5c0))
mstore(0x3aa0, mload(0x2d60))
success := and(eq(staticcall(gas(), 0x7, 0x3a60, 0x60, 0x3a60, 0x40), 1), success)
mstore(0x3ac0, mload(0x39e0))
                    mstore(0x3ae0, mload(0x3a00))
mstore(0x3b00, mload(0x3a60))
                    mstore(0x3b20, mload(0x3a80))
success := and(eq(staticcall(gas(), 0x6, 0x3ac0, 0x80, 0x3ac0, 0x40), 1), success)
mstore(0x3b40, mload(0x5e0))
                    mstore(0x3b60, mload(0x600))
mstore(0x3b80, mload(0x2d80))
success := and(eq(staticcall(gas(), 0x7, 0x3b40, 0x60, 0x3b40, 0x40), 1), success)
mstore(0x3ba0, mload(0x3ac0))
                    mstore(0x3bc0, mload(0x3ae0))
mstore(0x3be0, mload(0x3b40))
                    mstore(0x3c00, mload(0x3b60))
success := and(eq(staticcall(gas(), 0x6, 0x3ba0, 0x80, 0x3ba0, 0x40), 1), success)
mstore(0x3c20, mload(0x440))
                    mstore(0x3c40, mload(0x460))
mstore(0x3c60, mload(0x2da0))
success := and(eq(staticcall(gas(), 0x7, 0x3c20, 0x60, 0x3c20, 0x40), 1), success)
mstore(0x3c80, mload(0x3ba0))
                    mstore(0x3ca0, mload(0x3bc0))
mstore(0x3cc0, mload(0x3c20))
                    mstore(0x3ce0, mload(0x3c40))
success := and(eq(staticcall(gas(), 0x6, 0x3c80, 0x80, 0x3c80, 0x40), 1), success)
mstore(0x3d00, mload(0x3c0))
                    mstore(0x3d20, mload(0x3e0))
mstore(0x3d40, mload(0x2f20))
success := and(eq(staticcall(gas(), 0x7, 0x3d00, 0x60, 0x3d00, 0x40), 1), success)
mstore(0x3d60, mload(0x3c80))
                    mstore(0x3d80, mload(0x3ca0))
mstore(0x3da0, mload(0x3d00))
                    mstore(0x3dc0, mload(0x3d20))
success := and(eq(staticcall(gas(), 0x6, 0x3d60, 0x80, 0x3d60, 0x40), 1), success)
mstore(0x3de0, mload(0x400))
                    mstore(0x3e00, mload(0x420))
mstore(0x3e20, mload(0x2f40))
success := and(eq(staticcall(gas(), 0x7, 0x3de0, 0x60, 0x3de0, 0x40), 1), success)
mstore(0x3e40, mload(0x3d60))
                    mstore(0x3e60, mload(0x3d80))
mstore(0x3e80, mload(0x3de0))
                    mstore(0x3ea0, mload(0x3e00))
success := and(eq(staticcall(gas(), 0x6, 0x3e40, 0x80, 0x3e40, 0x40), 1), success)
mstore(0x3ec0, mload(0x280))
                    mstore(0x3ee0, mload(0x2a0))
mstore(0x3f00, mload(0x3040))
success := and(eq(staticcall(gas(), 0x7, 0x3ec0, 0x60, 0x3ec0, 0x40), 1), success)
mstore(0x3f20, mload(0x3e40))
                    mstore(0x3f40, mload(0x3e60))
mstore(0x3f60, mload(0x3ec0))
                    mstore(0x3f80, mload(0x3ee0))
success := and(eq(staticcall(gas(), 0x6, 0x3f20, 0x80, 0x3f20, 0x40), 1), success)
mstore(0x3fa0, mload(0x920))
                    mstore(0x3fc0, mload(0x940))
mstore(0x3fe0, sub(f_q, mload(0x3080)))
success := and(eq(staticcall(gas(), 0x7, 0x3fa0, 0x60, 0x3fa0, 0x40), 1), success)
mstore(0x4000, mload(0x3f20))
                    mstore(0x4020, mload(0x3f40))
mstore(0x4040, mload(0x3fa0))
                    mstore(0x4060, mload(0x3fc0))
success := and(eq(staticcall(gas(), 0x6, 0x4000, 0x80, 0x4000, 0x40), 1), success)
mstore(0x4080, mload(0x9c0))
                    mstore(0x40a0, mload(0x9e0))
mstore(0x40c0, mload(0x30a0))
success := and(eq(staticcall(gas(), 0x7, 0x4080, 0x60, 0x4080, 0x40), 1), success)
mstore(0x40e0, mload(0x4000))
                    mstore(0x4100, mload(0x4020))
mstore(0x4120, mload(0x4080))
                    mstore(0x4140, mload(0x40a0))
success := and(eq(staticcall(gas(), 0x6, 0x40e0, 0x80, 0x40e0, 0x40), 1), success)
mstore(0x4160, mload(0x40e0))
                    mstore(0x4180, mload(0x4100))
mstore(0x41a0, 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
            mstore(0x41c0, 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
            mstore(0x41e0, 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
            mstore(0x4200, 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
mstore(0x4220, mload(0x9c0))
                    mstore(0x4240, mload(0x9e0))
mstore(0x4260, 0x140537e8804c4bf2d1386b178d946a3572ca93e88d742b6d26b56b8973b4ee54)
            mstore(0x4280, 0x2b93f6c48bee56e2510d1a4c737bdd4cbbafa37306d58954395a743d9270aac7)
            mstore(0x42a0, 0x188fb21f16651821e2bd0c03737ed21ebf3235aebcea6857c195c5b6b5563c6d)
            mstore(0x42c0, 0x00673ba0b47f2f0ff947134414eba0535f793feee5d1af3d479c2af506758572)
success := and(eq(staticcall(gas(), 0x8, 0x4160, 0x180, 0x4160, 0x20), 1), success)
success := and(eq(mload(0x4160), 1), success)

            // Revert if anything fails
            if iszero(success) { revert(0, 0) }

            // Return empty bytes on success
            return(0, 0)

        }
    }
}

-- How identifiers are written and checked, from the standards alone. Independent of all our Python code.
-- Full-width to half-width, no white space, upper case.
CREATE TEMP MACRO folded(t) AS upper(regexp_replace(translate(t,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ　',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz '), '\s+', '', 'g'));

CREATE TEMP MACRO digit(t, i) AS ascii(substr(t, i, 1)) - 48;
-- GB 11643-1999: weighted sum of 17 digits modulo 11.
CREATE TEMP MACRO person_check(t) AS substr('10X98765432', 1 + (
      7 * digit(t, 1) + 9 * digit(t, 2) + 10 * digit(t, 3) + 5 * digit(t, 4) + 8 * digit(t, 5) + 4 * digit(t, 6)
    + 2 * digit(t, 7) + 1 * digit(t, 8) + 6 * digit(t, 9) + 3 * digit(t, 10) + 7 * digit(t, 11)
    + 9 * digit(t, 12) + 10 * digit(t, 13) + 5 * digit(t, 14) + 8 * digit(t, 15) + 4 * digit(t, 16)
    + 2 * digit(t, 17)) % 11, 1);
CREATE TEMP MACRO upgraded(t) AS CASE WHEN regexp_full_match(t, '[0-9]{15}')
    THEN substr(t, 1, 6) || '19' || substr(t, 7) || person_check(substr(t, 1, 6) || '19' || substr(t, 7))
    ELSE t END;
CREATE TEMP MACRO person(t) AS CASE WHEN regexp_full_match(t, '[0-9]{17}[0-9X]')
    AND try_cast(substr(t, 7, 4) || '-' || substr(t, 11, 2) || '-' || substr(t, 13, 2) AS DATE) IS NOT NULL
    AND person_check(t) = substr(t, 18, 1) THEN t END;

CREATE TEMP MACRO letter(t, i) AS strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(t, i, 1)) - 1;
-- GB 32100-2015: the weights are the powers of 3 modulo 31.
CREATE TEMP MACRO code(t) AS CASE WHEN regexp_full_match(t, '[0-9A-HJ-NPQRTUWXY]{18}') AND (
      1 * letter(t, 1) + 3 * letter(t, 2) + 9 * letter(t, 3) + 27 * letter(t, 4) + 19 * letter(t, 5)
    + 26 * letter(t, 6) + 16 * letter(t, 7) + 17 * letter(t, 8) + 20 * letter(t, 9) + 29 * letter(t, 10)
    + 25 * letter(t, 11) + 13 * letter(t, 12) + 8 * letter(t, 13) + 24 * letter(t, 14) + 10 * letter(t, 15)
    + 30 * letter(t, 16) + 28 * letter(t, 17) + letter(t, 18)) % 31 = 0 THEN t END;

-- GB/T 37346-2019: county, zones, land right and parcel, building and unit; no check character.
CREATE TEMP MACRO unit(t) AS CASE WHEN regexp_full_match(t, '[0-9]{12}[A-Z]{2}[0-9]{5}[A-Z][0-9]{8}') THEN t END;
-- Certificates: what is left without hyphens is four to forty letters, digits or Chinese characters.
CREATE TEMP MACRO certificate(t) AS CASE WHEN regexp_full_match(replace(t, '-', ''), '[0-9A-Z一-鿿]{4,40}')
    THEN replace(t, '-', '') END;

(** * The numbers that points are made of

    A point of the input space is a list of numbers of some ordered commutative ring that contains the rationals and has a
    ReLU: the rationals themselves ([Rationals.v]), the reals ([Reals.v]), any ordered field. Nothing else is asked for, and
    nothing is assumed: what is proved is proved for each such ring. *)

From Coq Require Export List ZArith QArith Bool Lia.
From Coq Require Import Ring.
Export ListNotations.
Open Scope Z_scope.

Record numbers := {
  K : Type;
  zero : K; one : K; add : K -> K -> K; mul : K -> K -> K; sub : K -> K -> K; opp : K -> K;
  is_ring : ring_theory zero one add mul sub opp eq;
  le : K -> K -> Prop;
  le_refl : forall a, le a a;
  le_trans : forall a b c, le a b -> le b c -> le a c;
  le_antisym : forall a b, le a b -> le b a -> a = b;
  le_total : forall a b, le a b \/ le b a;
  le_plus : forall a b c, le a b -> le (add a c) (add b c);
  le_times : forall a b, le zero a -> le zero b -> le zero (mul a b);
  of_Q : Q -> K;
  of_Q_one : of_Q 1 = one;
  of_Q_add : forall a b, of_Q (a + b) = add (of_Q a) (of_Q b);
  of_Q_mul : forall a b, of_Q (a * b) = mul (of_Q a) (of_Q b);
  of_Q_le : forall a b, (a <= b)%Q <-> le (of_Q a) (of_Q b);
  relu : K -> K;
  relu_active : forall z, le zero z -> relu z = z;
  relu_silent : forall z, le z zero -> relu z = zero }.

Section Lemmas.
Context {F : numbers}.
Add Ring ring_of_numbers : (is_ring F).

Notation "a + b" := (add F a b).
Notation "a * b" := (mul F a b).
Notation "a - b" := (sub F a b).
Notation "- a" := (opp F a).
Notation "0" := (zero F).
Notation "1" := (one F).
Notation "a <= b" := (le F a b).

(** ** Integers, and the fractions 1/k *)

Definition integer (n : Z) : K F := of_Q F (n # 1).
Definition part (k : positive) : K F := of_Q F (1 # k).

Lemma of_Q_eq a b : (a == b)%Q -> of_Q F a = of_Q F b.
Proof. intros e. apply le_antisym; apply of_Q_le; rewrite e; apply Qle_refl. Qed.

Lemma of_Q_zero : of_Q F 0 = 0.
Proof.
  assert (e : of_Q F 0 = of_Q F 0 + of_Q F 0) by (rewrite <- of_Q_add; apply of_Q_eq; reflexivity).
  transitivity (of_Q F 0 + of_Q F 0 - of_Q F 0); [ring | rewrite <- e; ring].
Qed.

Lemma integer_0 : integer 0 = 0.
Proof. rewrite <- of_Q_zero. apply of_Q_eq. reflexivity. Qed.
Lemma integer_1 : integer 1 = 1.
Proof. rewrite <- of_Q_one. apply of_Q_eq. reflexivity. Qed.
Lemma integer_add a b : integer (a + b) = integer a + integer b.
Proof. unfold integer. rewrite <- of_Q_add. apply of_Q_eq. unfold Qeq, Qplus. simpl. ring. Qed.
Lemma integer_mul a b : integer (a * b) = integer a * integer b.
Proof. unfold integer. rewrite <- of_Q_mul. apply of_Q_eq. reflexivity. Qed.
Lemma integer_opp a : integer (- a) = - integer a.
Proof.
  assert (e : integer (a + - a) = 0) by (rewrite Z.add_opp_diag_r; apply integer_0).
  rewrite integer_add in e.
  transitivity (integer a + integer (- a) - integer a); [ring | rewrite e; ring].
Qed.

Lemma part_integer k : part k * integer (Zpos k) = 1.
Proof.
  unfold part, integer. rewrite <- of_Q_mul, <- of_Q_one. apply of_Q_eq.
  unfold Qeq, Qmult. simpl. rewrite Pos.mul_1_r. reflexivity.
Qed.
Lemma part_mul a b : part (a * b) = part a * part b.
Proof. unfold part. rewrite <- of_Q_mul. apply of_Q_eq. reflexivity. Qed.
Lemma of_Q_parts q : of_Q F q = integer (Qnum q) * part (Qden q).
Proof.
  unfold part, integer. rewrite <- of_Q_mul. apply of_Q_eq. destruct q as [n d]. unfold Qeq, Qmult. simpl. lia.
Qed.
Lemma part_1 : part 1 = 1.
Proof. rewrite <- of_Q_one. reflexivity. Qed.
Lemma of_Q_opp q : of_Q F (- q) = - of_Q F q.
Proof. rewrite !of_Q_parts. simpl. rewrite integer_opp. ring. Qed.

(** ** Order *)

Lemma difference_le a b : a <= b -> 0 <= b - a.
Proof.
  intros h. apply (le_plus F) with (c := - a) in h. replace (a + - a) with 0 in h by ring.
  replace (b - a) with (b + - a) by ring. exact h.
Qed.
Lemma le_difference a b : 0 <= b - a -> a <= b.
Proof.
  intros h. apply (le_plus F) with (c := a) in h. replace (0 + a) with a in h by ring.
  replace (b - a + a) with b in h by ring. exact h.
Qed.
Lemma le_add a b c d : a <= b -> c <= d -> a + c <= b + d.
Proof.
  intros h h'. apply le_trans with (b + c); [now apply le_plus|].
  replace (b + c) with (c + b) by ring. replace (b + d) with (d + b) by ring. now apply le_plus.
Qed.
Lemma le_mul c a b : 0 <= c -> a <= b -> c * a <= c * b.
Proof.
  intros hc h. apply le_difference. replace (c * b - c * a) with (c * (b - a)) by ring.
  apply le_times; [exact hc | now apply difference_le].
Qed.
Lemma le_opp a b : a <= b -> - b <= - a.
Proof. intros h. apply le_difference. replace (- a - - b) with (b - a) by ring. now apply difference_le. Qed.
Lemma le_mul_neg c a b : c <= 0 -> a <= b -> c * b <= c * a.
Proof.
  intros hc h. apply le_difference. replace (c * a - c * b) with (- c * (b - a)) by ring. apply le_times.
  - apply le_opp in hc. replace (- 0) with 0 in hc by ring. exact hc.
  - now apply difference_le.
Qed.
Lemma integer_le a b : (a <= b)%Z <-> integer a <= integer b.
Proof. unfold integer. rewrite <- of_Q_le. unfold Qle. simpl. lia. Qed.
Lemma integer_nonneg a : (0 <= a)%Z -> 0 <= integer a.
Proof. rewrite <- integer_0. apply integer_le. Qed.
Lemma integer_nonpos a : (a <= 0)%Z -> integer a <= 0.
Proof. rewrite <- integer_0. apply integer_le. Qed.
Lemma part_nonneg k : 0 <= part k.
Proof. rewrite <- of_Q_zero. apply of_Q_le. unfold Qle. simpl. lia. Qed.
Lemma of_Q_nonneg q : (0 <= q)%Q -> 0 <= of_Q F q.
Proof. rewrite <- of_Q_zero. apply of_Q_le. Qed.
Lemma of_Q_nonpos q : (q <= 0)%Q -> of_Q F q <= 0.
Proof. rewrite <- of_Q_zero. apply of_Q_le. Qed.

(** A number does not change its sign when it is multiplied by 1/k. *)
Lemma part_le_0 k a : part k * a <= 0 <-> a <= 0.
Proof.
  split; intros h.
  - replace a with (integer (Zpos k) * (part k * a)).
    + replace 0 with (integer (Zpos k) * 0) by ring. apply le_mul; [apply integer_nonneg; lia | exact h].
    + transitivity (part k * integer (Zpos k) * a); [ring | rewrite part_integer; ring].
  - replace 0 with (part k * 0) by ring. apply le_mul; [apply part_nonneg | exact h].
Qed.
Lemma part_eq_0 k a : part k * a = 0 <-> a = 0.
Proof.
  split; intros h.
  - transitivity (part k * integer (Zpos k) * a); [rewrite part_integer; ring|].
    transitivity (integer (Zpos k) * (part k * a)); [ring | rewrite h; ring].
  - rewrite h. ring.
Qed.

End Lemmas.
